package storage

import (
	"net/url"
	"testing"
)

// What the URL does not say is filled in; what it says stays.
func TestWithSettings(t *testing.T) {
	for _, test := range []struct {
		given string
		want  map[string]string
	}{
		{"postgres:///countersign?host=/run/postgresql&user=countersign_app", map[string]string{
			"host": "/run/postgresql", "user": "countersign_app", "sslmode": "disable", "timezone": "UTC",
			"statement_timeout": "60000", "lock_timeout": "15000", "connect_timeout": "10",
		}},
		{"postgres://app:p%40ss@db.example.com:5433/countersign?sslmode=verify-full&lock_timeout=5", map[string]string{
			"sslmode": "verify-full", "lock_timeout": "5", "timezone": "UTC",
		}},
	} {
		got, err := withSettings(test.given, settings)
		if err != nil {
			t.Fatal(err)
		}
		before, _ := url.Parse(test.given)
		after, err := url.Parse(got)
		if err != nil {
			t.Fatal(err)
		}
		if after.Host != before.Host || after.Path != before.Path || after.User.String() != before.User.String() {
			t.Errorf("%s became %s", test.given, got)
		}
		for name, want := range test.want {
			if value := after.Query().Get(name); value != want {
				t.Errorf("%s: %s is %q, want %q", test.given, name, value, want)
			}
		}
	}
}
