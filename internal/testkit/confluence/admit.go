package confluence

import (
	"net/http"
	"slices"
	"strings"
)

// known says whether a call comes from the account.
func (s *Site) known(r *http.Request) bool {
	if s.Token == "" {
		return false
	}
	if user, password, is := r.BasicAuth(); is {
		return s.User != "" && user == s.User && password == s.Token
	}
	token, is := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return is && token == s.Token
}

// admit refuses whoever may not ask. How it does that differs from place to
// place, and is nowhere a plain 401.
func (s *Site) admit(c *call, scope string) *refusal {
	switch {
	case s.Flavor == DataCenter:
		return s.admitToDataCenter(c)
	case s.Scopes != nil && !c.byGateway:
		return &refusal{wording: wording{status: http.StatusUnauthorized}, html: page("Unauthorized")}
	case !s.known(c.Request) && c.byGateway:
		return unauthorized("Unauthorized")
	case !s.known(c.Request) && c.v2:
		return badLogin.refuse()
	case !s.known(c.Request):
		return outsider(c)
	case s.Scopes != nil && !slices.Contains(s.Scopes, scope):
		return unauthorized("Unauthorized; scope does not match")
	}
	return nil
}

// unauthorized is how the gateway speaks.
func unauthorized(message string) *refusal {
	return &refusal{wording: wording{status: http.StatusUnauthorized}, bare: m{"code": http.StatusUnauthorized, "message": message}}
}

// outsider is refused by what is left of the first API of Cloud.
func outsider(c *call) *refusal {
	title := "Current user not permitted to use Confluence"
	if c.Header.Get("Authorization") == "" {
		title = "caller cannot access Confluence"
	}
	return wording{403, "", "", title}.refuse()
}

// admitToDataCenter takes a wrong token for none.
func (s *Site) admitToDataCenter(c *call) *refusal {
	if s.known(c.Request) {
		return nil
	}
	if _, _, basic := c.BasicAuth(); basic {
		return &refusal{
			wording: wording{status: http.StatusUnauthorized}, html: page("Unauthorized (401)"),
			header: http.Header{"X-Seraph-Loginreason": {"AUTHENTICATION_DENIED"}, "Www-Authenticate": {`OAuth realm="confluence"`}},
		}
	}
	c.anonymous = true
	switch {
	case s.Anonymous == IsEmpty:
		return &refusal{wording: wording{status: http.StatusOK}, empty: true}
	case s.Anonymous == IsDenied:
		return wording{401, "", "", "Client must be authenticated to access this resource."}.refuse()
	case c.Method != http.MethodGet && c.Method != http.MethodHead:
		return noRight.refuse()
	}
	return nil
}
