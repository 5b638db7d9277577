package confluence

import (
	"fmt"
	"net/http"
)

// A wording is how a refusal is put: v2 in the second version of the API, v1 in
// the first, which Data Center has.
type wording struct {
	status       int
	code, v2, v1 string
}

// The refusals. A text for both stands once.
var (
	badLogin   = wording{404, "NOT_FOUND", "Not Found", ""}
	absent     = wording{404, "NOT_FOUND", "Cannot find a page with id [%[1]s]", "No content found with id: ContentId{id=%[1]s}"}
	noSpace    = wording{404, "NOT_FOUND", "Cannot find a space with id [%[1]s]", "No space with key : %[1]s"}
	noProperty = wording{404, "NOT_FOUND", "Cannot find a content property with id [%[1]s]", "Can not find property with key %[1]s"}
	noRoute    = wording{404, "NOT_FOUND", "No endpoint %[1]s", "null for uri: %[1]s"}
	noParent   = wording{404, "NOT_FOUND", "Cannot find a parent with id [%[1]s]", "No parent or not permitted to view content with id : ContentId{id=%[1]s}"}
	noRight    = wording{403, "FORBIDDEN", "User does not have permission to edit the page", "User not permitted to edit content"}
	taken      = wording{400, "BAD_REQUEST", "A page with this title already exists: A page already exists with the same TITLE in this space", "A page with this title already exists: A page already exists with the title %[1]s in the space with key %[2]s"}
	badXHTML   = wording{400, "BAD_REQUEST", "%[1]s", "%[1]s"}
	badEditor  = wording{400, "INVALID_REQUEST_PARAMETER", "Content body cannot be converted to new editor format", "%[1]s"}
	badID      = wording{400, "INVALID_REQUEST_PARAMETER", "Provided value for 'id' is not the correct type. Expected type is ContentId", "No content found with id: %[1]s"}
	badValue   = wording{400, "INVALID_REQUEST_PARAMETER", "%[1]s", "%[1]s"}
	stale      = wording{409, "CONFLICT", "Version must be incremented when updating a page. Current Version: [%[1]d]. Provided version: [%[2]d]", "Version must be incremented on update. Current version is: %[1]d"}
	noVersion  = wording{400, "INVALID_REQUEST_PARAMETER", "version.number is required", "Must supply an incremented version when updating Content. No version supplied."}
	archived   = wording{404, "NOT_FOUND", "Cannot find a page with id [%[1]s]", "Can not find draft with current content"}
	hasKey     = wording{409, "CONFLICT", "A property with the key [%[1]s] already exists", "Can not create property, property with key %[1]s already exists"}
	staleValue = wording{409, "CONFLICT", "Version must be incremented when updating a property. Current Version: [%[1]d]. Provided version: [%[2]d]", "Version must be incremented on update. Current version is: %[1]d"}
	tooLong    = wording{413, "REQUEST_TOO_LARGE", "%[1]s", "%[1]s"}
	sameFile   = wording{400, "BAD_REQUEST", "", "Cannot add a new attachment with the same file name as an existing attachment: %[1]s"}
	noXSRF     = wording{403, "FORBIDDEN", "", "XSRF check failed"}
	gone       = wording{410, "GONE", "", "This deprecated endpoint has been removed."}
)

// A refusal is an answer other than the one that was asked for.
type refusal struct {
	wording
	args   []any
	header http.Header
	html   string // instead of an envelope
	bare   any    // instead of an envelope
	empty  bool   // nothing instead of an envelope
}

func (w wording) refuse(args ...any) *refusal { return &refusal{wording: w, args: args} }

func (r *refusal) Error() string { return fmt.Sprint(r.title(true)) }

// title is what the refusal says in one API.
func (r *refusal) title(v2 bool) string {
	text := r.v1
	if v2 && r.v2 != "" {
		text = r.v2
	}
	if len(r.args) == 0 {
		return text
	}
	return fmt.Sprintf(text, r.args...)
}

// envelope puts a refusal as the API puts it.
func (r *refusal) envelope(v2 bool) any {
	switch {
	case r.empty:
		return nil
	case r.bare != nil:
		return r.bare
	case v2:
		return m{"errors": []m{{"status": r.status, "code": r.code, "title": r.title(true), "detail": nil}}}
	}
	return m{
		"statusCode": r.status, "message": r.title(false), "reason": http.StatusText(r.status),
		"data": m{"authorized": r.status != http.StatusForbidden, "valid": r.status == http.StatusForbidden, "allowedInReadOnlyMode": true, "errors": []any{}, "successful": false},
	}
}

// page is HTML as proxies and Tomcat give it.
func page(title string) string {
	return "<!DOCTYPE html><html><head><title>" + title + "</title></head><body><h1>" + title + "</h1></body></html>"
}
