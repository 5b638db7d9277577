package web

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// A visit is one request, and who makes it.
type visit struct {
	*Server
	w       http.ResponseWriter
	r       *http.Request
	browser string // a secret that the browser holds
	session *storage.Session
	person  policy.Person // who has signed in; zero where nobody has
}

// visit finds out who makes the request. A browser that comes for the first
// time gets its cookie; that writes nothing down here.
func (s *Server) visit(w http.ResponseWriter, r *http.Request) (*visit, error) {
	v := &visit{Server: s, w: w, r: r, browser: s.cookie(r, browserCookie)}
	if len(v.browser) < secretLength {
		v.browser = strings.ToLower(rand.Text())
		s.setCookie(w, browserCookie, v.browser, 0)
	}
	secret := s.cookie(r, sessionCookie)
	if secret == "" {
		return v, nil
	}
	var err error
	v.session, v.person, err = s.Desk.Session(r.Context(), secret)
	return v, err
}

// secretLength is the length of what rand.Text draws.
const secretLength = 26

const (
	browserCookie = "browser"
	sessionCookie = "session"
)

// cookieName is the cookie's name as the browser keeps it: with the prefix by
// which it takes the cookie from nobody else (RFC 6265bis, 4.1.3), where that is
// possible.
func (s *Server) cookieName(name string) string {
	if s.secure {
		return "__Host-" + name
	}
	return "countersign-" + name
}

func (s *Server) cookie(r *http.Request, name string) string {
	if c, err := r.Cookie(s.cookieName(name)); err == nil {
		return c.Value
	}
	return ""
}

// setCookie gives the browser a cookie for so long, or until it is closed. An
// empty value takes it back.
func (s *Server) setCookie(w http.ResponseWriter, name, value string, life time.Duration) {
	c := &http.Cookie{
		Name: s.cookieName(name), Value: value, Path: "/", MaxAge: int(life.Seconds()),
		Secure: s.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// browserHash is what is kept of the browser.
func (v *visit) browserHash() string { return desk.HashOf(v.browser) }

// formField is the field of a form that holds its token.
const formField = "form"

// formToken belongs to this browser and this address: nobody else can have a
// form sent here by it.
func (v *visit) formToken(path string) string {
	mac := hmac.New(sha256.New, []byte(v.browser))
	mac.Write([]byte("form " + path))
	return hex.EncodeToString(mac.Sum(nil))
}

// ours says whether what was posted comes from a form of ours.
func (v *visit) ours() bool {
	return hmac.Equal([]byte(v.r.PostFormValue(formField)), []byte(v.formToken(v.r.URL.Path)))
}

// signedIn gives the browser its session.
func (v *visit) signedIn(secret string) { v.setCookie(v.w, sessionCookie, secret, desk.SessionLife) }

// see sends the browser on to look at something (RFC 9110, 15.4.4).
func (v *visit) see(path string) error {
	http.Redirect(v.w, v.r, path, http.StatusSeeOther)
	return nil
}
