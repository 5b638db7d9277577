package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/storage"
)

// A signInForm asks for an address.
type signInForm struct {
	Why     string
	Problem string
	Form    string // the token of the form
	Next    string // where to go on afterwards
}

// A codeForm asks for the code that was mailed.
type codeForm struct {
	Wrong string
	Again bool
	Next  string
}

func (v *visit) signInForm(why, problem string) signInForm {
	next := v.r.URL.Query().Get("next")
	if v.r.URL.Path != "/sign-in" && v.r.Method == http.MethodGet {
		next = v.r.URL.RequestURI()
	}
	return signInForm{Why: why, Problem: problem, Form: v.formToken("/sign-in"), Next: within(next)}
}

// within is the address if it is one of these pages, else nothing: a form must
// not lead to another place.
func within(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n") {
		return ""
	}
	return next
}

func (v *visit) showSignIn() error {
	return v.show(http.StatusOK, "sign-in", "Sign in", v.signInForm("", ""))
}

// mustSignIn says that a page is for people who have signed in.
func (v *visit) mustSignIn() error {
	return v.show(http.StatusUnauthorized, "sign-in", "Sign in", v.signInForm("This page is for people of "+v.Desk.Org.Name+" who have signed in.", ""))
}

// askToSignIn has a code and a link mailed, if the address is somebody's.
func (v *visit) askToSignIn() error {
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, 4<<10)
	address := strings.TrimSpace(v.r.PostFormValue("address"))
	switch {
	case !v.ours():
		return v.show(http.StatusForbidden, "sign-in", "Sign in", v.signInForm("", "This page was open for very long, or your browser keeps no cookies. Try once more."))
	case !strings.Contains(address, "@"):
		return v.show(http.StatusUnprocessableEntity, "sign-in", "Sign in", v.signInForm("", "Type your whole address, such as name@example.com."))
	}
	id, err := v.Desk.AskToSignIn(v.r.Context(), address, v.browserHash())
	if err != nil {
		return err
	}
	path := "/sign-in/" + id
	if next := within(v.r.PostFormValue("next")); next != "" {
		path += "?next=" + url.QueryEscape(next)
	}
	return v.see(path)
}

func (v *visit) showCode() error { return v.codePage(http.StatusOK, "", true) }

func (v *visit) codePage(status int, wrong string, again bool) error {
	return v.show(status, "code", "Type the code", codeForm{Wrong: wrong, Again: again, Next: within(v.r.URL.Query().Get("next"))})
}

// What is said of a code to sign in that was not taken. Nothing of it tells
// whether the address was somebody's.
var signInSays = map[desk.CodeState]string{
	desk.CodeWrong:     "That is not the code. Look at the newest mail and type the six digits once more.",
	desk.CodeElsewhere: "That is not the code. Look at the newest mail and type the six digits once more.",
	desk.CodeSpent:     "The code was used or tried too often. Ask for another.",
	desk.CodeLapsed:    "The code is no longer good: it was too long ago. Ask for another.",
}

// typeCode signs the browser in by the code.
func (v *visit) typeCode() error {
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, 4<<10)
	if !v.ours() {
		return v.codePage(http.StatusForbidden, "This page was open for very long, or your browser keeps no cookies. Type the code once more.", true)
	}
	sub, err := v.Store.Submission(v.r.Context(), v.r.PathValue("id"))
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	if sub.Purpose != storage.ForSignIn {
		return v.codePage(http.StatusUnprocessableEntity, signInSays[desk.CodeWrong], true)
	}
	c, err := v.Desk.Confirm(v.r.Context(), sub.ID, v.browserHash(), digits(v.r.PostFormValue("code")))
	if err != nil {
		return err
	}
	return v.entered(c)
}

// entered goes on where the person wanted to go, or says why not.
func (v *visit) entered(c desk.Confirmation) error {
	if c.State != desk.CodeRight {
		return v.codePage(http.StatusUnprocessableEntity, signInSays[c.State], c.State == desk.CodeWrong || c.State == desk.CodeElsewhere)
	}
	v.signedIn(c.Session)
	if next := within(v.r.PostFormValue("next")); next != "" {
		return v.see(next)
	}
	return v.see("/ballots")
}

// showLink is where the mailed link leads: to a button, since links are opened
// by others than people.
func (v *visit) showLink() error { return v.show(http.StatusOK, "link", "Sign in", nil) }

// followLink signs the browser in that pressed the button.
func (v *visit) followLink() error {
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, 4<<10)
	if !v.ours() {
		return v.show(http.StatusForbidden, "link", "Sign in", nil)
	}
	c, err := v.Desk.FollowLink(v.r.Context(), v.r.PathValue("id"), v.r.PathValue("token"))
	if err != nil {
		return err
	}
	if c.State != desk.CodeRight {
		return v.refuse(http.StatusUnprocessableEntity, "This link is no longer good", "It is good once, and for a quarter of an hour. Go to "+v.URL+"/sign-in and ask for another.")
	}
	return v.entered(c)
}

// signOut ends the session.
func (v *visit) signOut() error {
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, 4<<10)
	if !v.ours() {
		return v.refuse(http.StatusForbidden, "You are still signed in", "This page was open for very long. Try once more.")
	}
	if secret := v.cookie(v.r, sessionCookie); secret != "" {
		if err := v.Desk.SignOut(v.r.Context(), secret); err != nil {
			return err
		}
	}
	v.setCookie(v.w, sessionCookie, "", 0)
	return v.see("/sign-in")
}
