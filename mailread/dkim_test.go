package mailread

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"
)

// The keys of example.com and evil.example lie in the DNS.
var (
	signingKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte("dkim"), 8))
	record     = "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(signingKey.Public().(ed25519.PublicKey))
)

func dns(_ context.Context, name string) ([]string, error) {
	if name == "s._domainkey.example.com" || name == "s._domainkey.evil.example" {
		return []string{record}, nil
	}
	return nil, errors.New("no such host")
}

// signBy signs the mail as its provider does.
func signBy(t *testing.T, domain string, keys []string, mail string) string {
	t.Helper()
	var b bytes.Buffer
	err := dkim.Sign(&b, strings.NewReader(crlf(mail)), &dkim.SignOptions{
		Domain: domain, Selector: "s", Signer: signingKey, Hash: crypto.SHA256, HeaderKeys: keys,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func crlf(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
}

func TestSignaturesCheckedHere(t *testing.T) {
	whole := []string{"From", "Subject", "Date", "Message-ID"}
	good := signBy(t, "example.com", whole, fromCarol)
	for _, story := range []struct{ name, mail, want string }{
		{"signed by her domain", good, proven},
		{"not signed", crlf(fromCarol), unproven},
		{"signed by another domain", signBy(t, "evil.example", whole, fromCarol), unproven},
		{"by another domain first, then by hers", signBy(t, "evil.example", whole, good), proven},
		{"the answer was exchanged", strings.Replace(good, "APPROVE", "REJECT", 1), unproven},
		{"the subject was exchanged", strings.Replace(good, "Re: something", "Re: anything", 1), unproven},
		{"the signature does not cover the subject", signBy(t, "example.com", []string{"From", "Date"}, fromCarol), unproven},
		{"an In-Reply-To was added", "In-Reply-To: <2@example.com>\r\n" + good, unproven},
		{"a second From was put above", "From: Carol <carol@example.com>\r\n" + strings.Replace(good, "carol@", "ian@", 1), unproven},
		{"a second subject was put above", "Subject: Approve everything\r\n" + good, unproven},
		{"signed with a key nobody knows", strings.Replace(good, "s=s;", "s=t;", 1), unproven},
	} {
		t.Run(story.name, func(t *testing.T) {
			m, raw := carolsMail(t, strings.ReplaceAll(story.mail, "\r\n", "\n"))
			proof := Profile{Provider: OnlyDKIM, Lookup: dns}.Prove(t.Context(), m, raw)
			if got := judged(proof); got != story.want {
				t.Errorf("%s by %q, because %s; want %s", got, proof.How, proof.Why, story.want)
			}
		})
	}
}

// Where signatures are checked here as well, our server is not believed against
// one that is not good; mail that has none it may vouch for by other means.
func TestBothMustAgree(t *testing.T) {
	whole := []string{"From", "Subject", "Date", "Message-ID"}
	good := strings.ReplaceAll(signBy(t, "example.com", whole, fromCarol), "\r\n", "\n")
	p := profiles["own"]
	p.CheckDKIM, p.Lookup = true, dns
	for _, story := range []struct{ name, mail, want string }{
		{"both say so", stamped(signed) + ourLine + good, proven},
		{"ours is not good", stamped(signed) + ourLine + strings.Replace(good, "APPROVE", "REJECT", 1), unproven},
		{"DMARC passed by SPF, nothing is signed", stamped(passes) + ourLine + fromCarol, proven},
		{"DMARC failed, the signature is good", stamped(fails) + ourLine + good, forged},
		{"she logged in", strings.Replace(loginLine, "%s", "carol@example.com", 1) + fromCarol, proven},
	} {
		t.Run(story.name, func(t *testing.T) {
			m, raw := carolsMail(t, story.mail)
			if proof := p.Prove(t.Context(), m, raw); judged(proof) != story.want {
				t.Errorf("%s by %q, because %s; want %s", judged(proof), proof.How, proof.Why, story.want)
			}
		})
	}
}
