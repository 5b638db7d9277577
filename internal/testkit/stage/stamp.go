package stage

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"net"
	"strings"

	"github.com/emersion/go-msgauth/dkim"
)

// Proofs are the ways in which a company may prove senders, as its configuration
// has them.
var Proofs = map[string]string{
	"token-only":    `sender_proof = "token-only"`,
	"own-mta":       "sender_proof = \"own-mta\"\nauthserv_id = \"mx.example.com\"",
	"own-mta-clean": "sender_proof = \"own-mta\"\nauthserv_id = \"mx.example.com\"\nremoves_forged = true",
	"gmail":         `sender_proof = "gmail"`,
	"m365":          `sender_proof = "m365"`,
	"m365-internal": "sender_proof = \"m365\"\ninternal_mail = true",
	"dkim":          `sender_proof = "dkim"`,
}

// A Verdict is what the provider of the change mailbox finds out about a mail.
type Verdict string

// What it may find out.
const (
	Passes    Verdict = "passes"    // the domain in From vouches for it
	Unclear   Verdict = "unclear"   // nobody vouches for it
	Fails     Verdict = "fails"     // the domain in From says that it is not its own
	Inside    Verdict = "inside"    // it never left the company
	Colleague Verdict = "colleague" // it never left the company, and somebody else wrote it
)

// Stamped is the mail as it lies in the mailbox of a company with the proof,
// with what its provider wrote above it. Below that, the sender may have written
// the same before: nobody believes it.
func Stamped(proof string, v Verdict, raw []byte) ([]byte, error) {
	from := fromOf(raw)
	_, domain, _ := strings.Cut(from, "@")
	if proof == "dkim" {
		return signed(v, domain, raw)
	}
	write, known := stamps[strings.TrimSuffix(proof, "-internal")]
	if !known {
		return raw, nil
	}
	head := write(v, from, domain)
	return append([]byte(strings.ReplaceAll(head, "\n", "\r\n")), raw...), nil
}

func fromOf(raw []byte) string {
	for line := range strings.Lines(string(raw)) {
		if value, is := strings.CutPrefix(line, "From:"); is {
			value = strings.TrimSpace(value)
			if _, address, angled := strings.Cut(value, "<"); angled {
				value = strings.TrimSuffix(address, ">")
			}
			return value
		}
	}
	return ""
}

// results are what DMARC comes to.
var results = map[Verdict]string{Passes: "pass", Unclear: "none", Fails: "fail"}

// stamps write what each provider writes: as real ones do.
var stamps = map[string]func(v Verdict, from, domain string) string{
	"own-mta": func(v Verdict, from, domain string) string {
		const line = "Received: from out.example.net (out.example.net [192.0.2.7])\n%s\tby mx.example.com (Postfix) with ESMTPS id 4XYZ; Mon, 2 Mar 2026 14:00:00 +0000\n"
		switch v {
		case Inside:
			return fmt.Sprintf(line, "\t(Authenticated sender: "+from+")\n")
		case Colleague:
			return fmt.Sprintf(line, "\t(Authenticated sender: someone.else@example.com)\n")
		}
		return "Authentication-Results: mx.example.com;\n\tdmarc=" + results[v] + " (p=reject) header.from=" + domain + ";\n\tspf=pass smtp.mailfrom=" + from + "\n" + fmt.Sprintf(line, "")
	},
	"gmail": func(v Verdict, from, domain string) string {
		if v == Inside || v == Colleague {
			v = Passes // Gmail signs what its own users write to each other
		}
		return "Delivered-To: " + Mailbox + "\nReceived: by 2002:a05:6402:1:b0:1:2:3 with SMTP id x1; Mon, 2 Mar 2026 06:00:01 -0800 (PST)\n" +
			"Received: from mail.example.net (mail.example.net. [192.0.2.7])\n        by mx.google.com with ESMTPS id a1 for <" + Mailbox + ">; Mon, 02 Mar 2026 06:00:00 -0800 (PST)\n" +
			"Received-SPF: pass (google.com: domain of " + from + " designates 192.0.2.7 as permitted sender) client-ip=192.0.2.7;\n" +
			"Authentication-Results: mx.google.com;\n       spf=pass (google.com: domain of " + from + " designates 192.0.2.7 as permitted sender) smtp.mailfrom=" + from +
			";\n       dmarc=" + results[v] + " (p=REJECT sp=REJECT dis=NONE) header.from=" + domain + "\n"
	},
	"m365": func(v Verdict, _, domain string) string {
		if v == Inside || v == Colleague {
			return "Received: from VI1PR01MB9.eurprd01.prod.outlook.com (2603:10a6::9) by\n AM0PR01MB1.eurprd01.prod.outlook.com with HTTPS; Mon, 2 Mar 2026 14:00:03 +0000\n" +
				"X-MS-Exchange-Organization-AuthAs: Internal\n"
		}
		return "Received: from DB5EUR01FT1.eop-EUR01.prod.protection.outlook.com (2603:10a6::2)\n by AM0PR01MB1.outlook.office365.com with Microsoft SMTP Server; Mon, 2 Mar 2026 14:00:02 +0000\n" +
			"Authentication-Results: spf=pass (sender IP is 192.0.2.7)\n smtp.mailfrom=" + domain + "; dkim=none (message not signed)\n header.d=none;dmarc=" + results[v] + " action=none\n header.from=" + domain + ";compauth=pass reason=100\n" +
			"Received-SPF: Pass (protection.outlook.com: domain of " + domain + " designates 192.0.2.7 as permitted sender)\n" +
			"Received: from mail.example.net (192.0.2.7) by\n DB5EUR01FT1.mail.protection.outlook.com (10.152.4.1) with Microsoft SMTP\n Server id 15.20; Mon, 2 Mar 2026 14:00:01 +0000\n"
	},
}

// Everybody's domain signs with the same key here, which lies in the DNS.
var dkimKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte("play"), 8))

// lookup is the DNS of the stage.
func lookup(_ context.Context, name string) ([]string, error) {
	if strings.HasPrefix(name, "stage._domainkey.") {
		return []string{"v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(dkimKey.Public().(ed25519.PublicKey))}, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

// signed is the mail with a signature: good, none, or one that does not fit.
func signed(v Verdict, domain string, raw []byte) ([]byte, error) {
	if v == Unclear {
		return raw, nil
	}
	var b bytes.Buffer
	err := dkim.Sign(&b, bytes.NewReader(raw), &dkim.SignOptions{
		Domain: domain, Selector: "stage", Signer: dkimKey, Hash: crypto.SHA256,
		HeaderKeys: []string{"From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References"},
	})
	if err != nil {
		return nil, fmt.Errorf("signing a mail: %w", err)
	}
	if v == Fails {
		return append(b.Bytes(), "P.S.\r\n"...), nil
	}
	return b.Bytes(), nil
}
