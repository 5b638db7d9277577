package storage

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// settings bound every wait the database could cause: with lib/pq a context
// alone does not end a call (github.com/lib/pq/issues/620). Times in
// milliseconds, but for connect_timeout.
var settings = map[string]string{
	"application_name":                    "countersign",
	"timezone":                            "UTC",
	"connect_timeout":                     "10",
	"statement_timeout":                   "60000",
	"lock_timeout":                        "15000",
	"idle_in_transaction_session_timeout": "120000",
	// The driver's own: a statement with arguments is one round trip, not two.
	"binary_parameters": "yes",
}

// ownerSettings are for migrations, which may take their time.
var ownerSettings = map[string]string{
	"application_name": "countersign migrate",
	"timezone":         "UTC",
	"connect_timeout":  "10",
}

// withSettings adds the settings the URL does not make itself.
func withSettings(raw string, settings map[string]string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return "", errors.New("it is not a URL") // the parser's own error would show the password
	}
	if u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return "", fmt.Errorf(`it begins with %q, not "postgres://"`, u.Scheme+"://")
	}
	query := u.Query()
	if err := settleTLS(u, query); err != nil {
		return "", err
	}
	for name, value := range settings {
		if !query.Has(name) {
			query.Set(name, value)
		}
	}
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// settleTLS refuses to leave sslmode to the driver, whose default may change.
// A unix socket has no TLS.
func settleTLS(u *url.URL, query url.Values) error {
	switch {
	case query.Has("sslmode"):
		return nil
	case u.Hostname() == "" && strings.HasPrefix(query.Get("host"), "/"):
		query.Set("sslmode", "disable")
		return nil
	default:
		return errors.New("it does not say sslmode (verify-full, or disable on a network you trust)")
	}
}
