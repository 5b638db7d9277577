package web

import (
	"net/http"
)

// A route is one address and what it does.
type route struct {
	method  string // GET shows, and answers HEAD as well; POST acts
	path    string
	serve   func(*visit) error
	private bool // for people who have signed in
}

// routes are all there are.
var routes = []route{
	{"GET", "/{$}", (*visit).home, false},
	{"GET", stylePath, (*visit).style, false},

	{"GET", "/b/{ballot}/{token}", (*visit).showLinked, false},
	{"POST", "/b/{ballot}/{token}", (*visit).enterLinked, false},
	{"GET", "/b/{ballot}/{token}/files/{sha256}", (*visit).linkedFile, false},
	{"GET", "/ballots", (*visit).mine, true},
	{"GET", registerPath, (*visit).register, true},
	{"GET", registerPath + ".csv", (*visit).registerCSV, true},
	{"GET", "/changes/{change}", (*visit).change, true},
	{"GET", "/changes/{change}/files/{sha256}", (*visit).file, true},
	{"GET", "/changes/{change}/ballots/{ballot}", (*visit).showOwn, true},
	{"POST", "/changes/{change}/ballots/{ballot}", (*visit).enterOwn, true},
	{"GET", "/answers/{id}", (*visit).showAnswer, false},
	{"POST", "/answers/{id}", (*visit).confirmAnswer, false},

	{"GET", "/sign-in", (*visit).showSignIn, false},
	{"POST", "/sign-in", (*visit).askToSignIn, false},
	{"GET", "/sign-in/{id}", (*visit).showCode, false},
	{"POST", "/sign-in/{id}", (*visit).typeCode, false},
	{"GET", "/sign-in/{id}/{token}", (*visit).showLink, false},
	{"POST", "/sign-in/{id}/{token}", (*visit).followLink, false},
	{"POST", "/sign-out", (*visit).signOut, false},
}

// router serves the routes; a method they do not have is refused (RFC 9110,
// 15.5.6), and so is an address.
func (s *Server) router() http.Handler {
	mux := http.NewServeMux()
	for _, r := range routes {
		mux.HandleFunc(r.method+" "+r.path, func(w http.ResponseWriter, req *http.Request) { s.serve(r, w, req) })
	}
	mux.HandleFunc("GET /", func(w http.ResponseWriter, req *http.Request) {
		s.serve(route{serve: (*visit).nothing}, w, req)
	})
	return mux
}

// serve opens the visit, and shows what went wrong with it, if something did.
func (s *Server) serve(r route, w http.ResponseWriter, req *http.Request) {
	v, err := s.visit(w, req)
	if err == nil {
		switch {
		case req.Method == http.MethodPost && s.origins.Check(req) != nil:
			err = v.refuse(http.StatusForbidden, "This was sent from another place", "Nothing was done. Open the page by the link in your mail and answer there.")
		case r.private && v.session == nil:
			err = v.mustSignIn()
		default:
			err = r.serve(v)
		}
	}
	if err != nil {
		s.failed(w, req, r, err)
	}
}

// failed says that something is wrong on our side. What was asked for is not
// logged: an address may hold a token.
func (s *Server) failed(w http.ResponseWriter, req *http.Request, r route, err error) {
	if req.Context().Err() != nil {
		return // nobody waits for it any more
	}
	s.Log.Error("serving a page", "route", r.method+" "+r.path, "error", err)
	v := &visit{Server: s, w: w, r: req}
	if err := v.refuse(http.StatusServiceUnavailable, "This page cannot be shown just now",
		"Something is wrong on our side. If you have just answered, open your ballot again in a minute: it says whether that counted."); err != nil {
		http.Error(w, "This page cannot be shown just now. Try again in a minute.", http.StatusServiceUnavailable)
	}
}

// safe sets what every answer carries.
func (s *Server) safe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policyOfContent)
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("X-Robots-Tag", "noindex, nofollow")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if s.secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// policyOfContent lets a page have one stylesheet of ours and forms that lead
// here, and nothing else.
const policyOfContent = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
