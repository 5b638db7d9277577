package config

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/internal/server"
)

// flavors are what can run there.
var flavors = []string{"cloud", "dc"}

var digits = regexp.MustCompile(`^\d*$`)

// checkConfluence looks at where the record is published. The token is sent with
// every request, so it is sent encrypted wherever it leaves this machine.
func checkConfluence(c *Config, f *faults) {
	at := c.Confluence
	if !at.On() {
		return
	}
	if !slices.Contains(flavors, at.Flavor) {
		f.err("confluence.flavor", fmt.Sprintf("%q is not known", at.Flavor), "Write one of "+quoted(flavors)+".")
	}
	checkSite(f, "confluence.url", at.URL, "Write it as people reach it, with its path: https://example.atlassian.net/wiki, or https://wiki.example.com.")
	if at.API != "" {
		checkSite(f, "confluence.api", at.API, "Write https://api.atlassian.com/ex/confluence/CLOUD-ID/wiki, or leave it out.")
	}
	if strings.TrimSpace(at.Space) == "" {
		f.err("confluence.space", "is missing", "Write the key of the space: in its address it stands behind /spaces/.")
	}
	if !digits.MatchString(at.Parent) {
		f.err("confluence.parent", fmt.Sprintf("%q is no id of a page", at.Parent), "Write the number that stands in the page's address behind /pages/.")
	}
	if at.Settle < 0 || time.Duration(at.Settle) > time.Hour {
		f.err("confluence.settle", fmt.Sprintf("%s is no time to wait for what happens together", at.Settle), "Write up to an hour, such as \"20s\".")
	}
	if at.Flavor == "cloud" && at.API == "" && at.Username == "" {
		f.err("confluence.username", "is missing", "Write the address of the account whose API token it is, or the gateway for scoped tokens as api.")
	}
	if _, err := at.Token(); err != nil {
		f.err("confluence.token_file", err.Error(), "Put the token into a file that the daemon's user alone can read, and name it here.")
		return
	}
	checkPrivate(f, "confluence.token_file", at.TokenFile)
}

func checkSite(f *faults, key, text, form string) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		f.err(key, "cannot be read as a URL: "+reason(err), form)
	case u.User != nil:
		f.err(key, "a user name does not belong here", "Use username and token_file.")
	case u.Scheme != "https" && (u.Scheme != "http" || !server.Loopback(u.Hostname())):
		f.err(key, fmt.Sprintf("%q is not https", text), form)
	case u.Host == "" || u.RawQuery != "" || u.Fragment != "" || strings.HasSuffix(u.Path, "/"):
		f.err(key, fmt.Sprintf("%q is not a site with its path, without a slash at the end", text), form)
	}
}
