package confluence

import (
	"errors"
	"fmt"
	"time"
)

// A Kind is what an error means, whichever way Confluence has put it.
type Kind string

// The kinds. Their values are for logs.
const (
	Credentials   Kind = "credentials"    // we are not known: the token is wrong, revoked or has expired
	Scope         Kind = "scope"          // the token is known, and not good for this
	Forbidden     Kind = "forbidden"      // the account may not do this
	Absent        Kind = "absent"         // what was named is not there
	TitleTaken    Kind = "title taken"    // another page has the title, maybe an archived one
	Stale         Kind = "stale"          // somebody wrote in between
	Passing       Kind = "passing"        // a server, a proxy or the network failed, for now
	Throttled     Kind = "throttled"      // we ask too often
	Malformed     Kind = "malformed"      // the body is not storage format
	TooLarge      Kind = "too large"      // it is more than Confluence keeps
	Archived      Kind = "archived"       // the page is archived, or in the trash
	NotConfluence Kind = "not confluence" // something else answered: a login page, a proxy
	Unclear       Kind = "unclear"        // something is not there, and nobody says what
	Refused       Kind = "refused"        // anything else
)

// remedies are sentences for the operator: what happened, then what to do.
var remedies = map[Kind]string{
	Credentials:   "Confluence does not know the account. Make a new token, and put it into the token's file. A token with scopes is taken at the gateway alone, which has to be set as the API's address; where a Data Center denies the login, sign in as the account once in a browser: it may want a CAPTCHA.",
	Scope:         "The token may not be used for this. Make one with the scopes that are documented for countersign.",
	Forbidden:     "The account may not do this in the space. Give it the rights to view and add pages, comments and attachments there, lift the page's restrictions, and check the key of the space.",
	Absent:        "The page is not there any more: somebody deleted it for good, or took it out of the account's sight. Restore it, or give the account the right to view it; it is not made again by itself.",
	TitleTaken:    "Another page of the space has the title, maybe an archived one. Rename that page; it is not overwritten.",
	Stale:         "Somebody changed the page in the same moment. Nothing is to be done: it is read again, and compared.",
	Passing:       "Confluence or the way to it fails at the moment. If it lasts, look at the status of Confluence, and at proxy and network.",
	Throttled:     "Confluence wants fewer requests. Nothing is to be done: they are made later.",
	Malformed:     "Confluence does not take the page as it was written. This is a fault in countersign: report it with the change's number.",
	TooLarge:      "The page or a file is larger than Confluence takes. Raise the limit of attachments in Confluence, or keep the file elsewhere.",
	Archived:      "The page was archived or put into the trash. Restore it; it is not made again by itself.",
	NotConfluence: "Something that is not Confluence's API has answered: a login page, a proxy, or nothing. Check address and flavor in the configuration, and whether the token is still good.",
	Unclear:       "Confluence says that something is not there, and not what. Check address, flavor and space in the configuration, and the rights of the account.",
	Refused:       "Confluence does not accept the request. What it says stands with the error.",
}

// Remedy says to the operator what happened, and what to do.
func (k Kind) Remedy() string { return remedies[k] }

// An Error is what went wrong.
type Error struct {
	Doing  string // what was being done: "updating page 65601"
	Kind   Kind
	Status int           // of the answer; 0: there was none
	Title  string        // what Confluence says, in one line
	After  time.Duration // how long Confluence wants us to wait
	cause  error
	lost   bool
}

func (e *Error) Error() string {
	text := e.Doing + ": " + string(e.Kind)
	if e.Status != 0 {
		text += fmt.Sprintf(": Confluence answers %d", e.Status)
	}
	if e.Title != "" {
		text += ": " + e.Title
	}
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

// Unwrap gives what lies below: a network's error, the end of a context.
func (e *Error) Unwrap() error { return e.cause }

// Unknown says whether what was asked for may have taken place all the same.
func (e *Error) Unknown() bool { return e.lost }

// fault is the error of ours in an error; nil where there is none.
func fault(err error) *Error {
	e, _ := errors.AsType[*Error](err)
	return e
}

// KindOf is the kind of an error; empty where it is none of ours.
func KindOf(err error) Kind {
	if e := fault(err); e != nil {
		return e.Kind
	}
	return ""
}

// Unknown says whether what was asked for may have taken place, in spite of the
// error.
func Unknown(err error) bool {
	e := fault(err)
	return e != nil && e.Unknown()
}
