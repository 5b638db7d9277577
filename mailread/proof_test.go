package mailread

import (
	"fmt"
	"strings"
	"testing"
)

// The boss is carol@example.com; mx.example.com is our own server.
const fromCarol = "From: Carol <carol@example.com>\nSubject: Re: something\nDate: Mon, 2 Mar 2026 10:00:00 +0000\nMessage-ID: <1@mail.example.com>\n\nAPPROVE\n"

// What servers write into the header of her mail.
const (
	ourLine   = "Received: from out.example.com (out.example.com [192.0.2.7])\n\tby mx.example.com (Postfix) with ESMTPS id 1; Mon, 2 Mar 2026 10:00:01 +0000\n"
	theirLine = "Received: from desk (desk [198.51.100.3])\n\tby out.example.com (Postfix) with ESMTPSA id 2; Mon, 2 Mar 2026 10:00:00 +0000\n"
	lmtpLine  = "Received: from mx.example.com\n\tby mx.example.com with LMTP\n\tid 3; Mon, 2 Mar 2026 10:00:02 +0000\n"
	loginLine = "Received: from [10.0.0.5] (desk [10.0.0.5])\n\t(using TLSv1.3 with cipher X (256/256 bits))\n\t(Authenticated sender: %s)\n\tby mx.example.com (Postfix) with ESMTPSA id 4; Mon, 2 Mar 2026 10:00:00 +0000\n"
	gmailLine = "Received: from mail-sor-f41.google.com (mail-sor-f41.google.com. [209.85.220.41])\n        by mx.google.com with SMTPS id a1 for <changes@example.com>; Mon, 02 Mar 2026 02:00:00 -0800 (PST)\n"
	gmailTop  = "Delivered-To: changes@example.com\nReceived: by 2002:a05:6402:1:b0:1:2:3 with SMTP id x; Mon, 2 Mar 2026 02:00:01 -0800 (PST)\n"
	gmailSPF  = "Received-SPF: pass (google.com: domain of carol@example.com designates 192.0.2.7 as permitted sender) client-ip=192.0.2.7;\n"
	eopMiddle = "Received: from DB5EUR01FT1.eop-EUR01.prod.protection.outlook.com (2603:10a6::2)\n by AM0PR01MB1.outlook.office365.com (2603:10a6::3) with Microsoft SMTP Server; Mon, 2 Mar 2026 10:00:02 +0000\n"
	eopBorder = "Received: from out.example.com (192.0.2.7) by\n DB5EUR01FT1.mail.protection.outlook.com (10.152.4.1) with Microsoft SMTP\n Server id 15.20; Mon, 2 Mar 2026 10:00:01 +0000\n"
	eopInside = "Received: from VI1PR01MB9.eurprd01.prod.outlook.com (2603:10a6::9) by\n AM0PR01MB1.eurprd01.prod.outlook.com with HTTPS; Mon, 2 Mar 2026 10:00:03 +0000\n"
	authAs    = "X-MS-Exchange-Organization-AuthAs: Internal\n"
)

func stamped(value string) string { return "Authentication-Results: " + value + "\n" }

var profiles = map[string]Profile{
	"own":    {Provider: OwnMTA, ID: "mx.example.com", MX: []string{"mx.example.com"}, Mailbox: "changes@example.com"},
	"clean":  {Provider: OwnMTA, ID: "mx.example.com", MX: []string{"mx.example.com"}, Mailbox: "changes@example.com", RemovesForged: true},
	"gmail":  {Provider: Gmail},
	"m365":   {Provider: M365},
	"inside": {Provider: M365, InternalMail: true},
	"none":   {Provider: NoProof},
}

const (
	passes = "mx.example.com; dmarc=pass (p=reject) header.from=example.com"
	fails  = "mx.example.com; dmarc=fail (p=none) header.from=example.com; dkim=pass header.d=example.com"
	signed = "mx.example.com; dkim=pass (2048-bit key) header.d=example.com header.i=@example.com header.b=ab/c+d="
	eop    = "spf=pass (sender IP is 192.0.2.7)\n smtp.mailfrom=example.com; dkim=pass (signature was verified)\n header.d=example.com;dmarc=pass action=none\n header.from=example.com;compauth=pass reason=100"

	// A stranger's own words, in which a result seems to stand.
	boobyTrap = "mx.example.com; dkim=fail (x; dmarc=pass header.from=example.com; dkim=pass header.d=example.com; z) header.i=@evil.example"
	gmailTrap = `mx.google.com; spf=pass (google.com: domain of "x; dmarc=pass header.from=example.com; "@evil.example designates 192.0.2.66 as permitted sender) smtp.mailfrom="x; dmarc=pass header.from=example.com; "@evil.example`
)

const proven, unproven, forged = "proven", "not proven", "forged"

func judged(p Proof) string {
	switch {
	case p.Proven:
		return proven
	case p.Forged:
		return forged
	default:
		return unproven
	}
}

func TestWhoIsBelieved(t *testing.T) {
	for _, story := range []struct{ name, profile, header, want string }{
		{"our server says so", "own", stamped(passes) + ourLine, proven},
		{"and the mail went on to the mailbox by LMTP", "own", lmtpLine + stamped(passes) + ourLine + theirLine, proven},
		{"DMARC failed, a signature did not: DMARC is final", "own", stamped(fails) + ourLine, forged},
		{"no DMARC, but an aligned signature", "own", stamped(signed) + ourLine, proven},
		{"the signature of a subdomain", "own", stamped("mx.example.com; dkim=pass header.d=mail.example.com") + ourLine, proven},
		{"the signature of somebody else", "own", stamped("mx.example.com; dkim=pass header.d=evil.example") + ourLine, unproven},
		{"the signature of a public suffix", "own", stamped("mx.example.com; dkim=pass header.d=com") + ourLine, unproven},
		{"a signature whose identity lies outside its domain", "own", stamped("mx.example.com; dkim=pass header.d=example.com header.i=@evil.example") + ourLine, unproven},
		{"SPF alone", "own", stamped("mx.example.com; spf=pass smtp.mailfrom=carol@example.com") + ourLine, unproven},
		{"DMARC about another domain", "own", stamped("mx.example.com; dmarc=pass header.from=evil.example") + ourLine, unproven},
		{"a guess is no result, and falls through", "own", stamped("mx.example.com; dmarc=bestguesspass header.from=example.com; dkim=pass header.d=example.com") + ourLine, proven},
		{"an error falls through", "own", stamped("mx.example.com; dmarc=temperror header.from=example.com") + ourLine, unproven},
		{"two servers of ours: one signature, one DMARC", "own", stamped(passes) + stamped(signed) + ourLine, proven},
		{"and the second says that it failed", "own", stamped(signed) + stamped("mx.example.com; dmarc=fail header.from=example.com") + ourLine, forged},
		{"two results of DMARC", "own", stamped(passes) + stamped(passes) + ourLine, unproven},

		{"a stranger's field below our line", "own", ourLine + stamped(passes), unproven},
		{"and below what our server wrote above it", "own", stamped("mx.example.com; dmarc=none header.from=example.com") + ourLine + stamped(passes), unproven},
		{"above the stranger's own line", "own", ourLine + stamped(passes) + theirLine, unproven},
		{"with our name in another's field", "own", stamped("evil.example; dmarc=pass header.from=example.com") + ourLine, unproven},
		{"below our line, where our server removes forged ones", "clean", ourLine + stamped(passes), proven},
		{"but not below fields of the sender's", "clean", ourLine + "X-Mailer: x\n" + stamped(passes), unproven},
		{"nor below another server's line", "clean", ourLine + theirLine + stamped(passes), unproven},
		{"below the line of another server, what seems to be ours", "own", theirLine + stamped(passes) + ourLine, unproven},
		{"and who seems to have logged in", "own", theirLine + fmt.Sprintf(loginLine, "carol@example.com"), unproven},
		{"another server's line, and none of ours", "own", theirLine + stamped(passes), unproven},

		{"a result in a comment", "own", stamped(boobyTrap) + ourLine, unproven},
		{"a result in quotes", "own", stamped(`mx.example.com; dkim=fail reason="x; dmarc=pass header.from=example.com" header.d=evil.example`) + ourLine, unproven},
		{"a quote in a comment in a quote", "own", stamped(`mx.example.com; spf=fail (a "b; dmarc=pass header.from=example.com (\) c") d) smtp.mailfrom=x`) + ourLine, unproven},
		{"a comment that does not end", "own", stamped("mx.example.com; dmarc=pass header.from=example.com (oops") + ourLine, unproven},
		{"a parenthesis that ends nothing", "own", stamped("mx.example.com; dmarc=pass header.from=example.com)") + ourLine, unproven},
		{"a value half in quotes", "own", stamped(`mx.example.com; dmarc=pass header.from=exam"ple.com"`) + ourLine, unproven},
		{"no authserv-id", "own", stamped("dmarc=pass header.from=example.com") + ourLine, unproven},
		{"a result without a method", "own", stamped("mx.example.com; =pass; dmarc=pass header.from=example.com") + ourLine, unproven},
		{"the domain twice", "own", stamped("mx.example.com; dmarc=pass header.from=evil.example header.from=example.com") + ourLine, unproven},
		{"capitals, a version and space", "own", stamped("MX.Example.COM 1; DMARC = Pass (x) Header.From = Example.COM ;") + ourLine, proven},
		{"nothing was checked", "own", stamped("mx.example.com; none") + ourLine, unproven},

		{"she logged in to our server", "own", fmt.Sprintf(loginLine, "carol@example.com"), proven},
		{"by a name without a domain", "own", fmt.Sprintf(loginLine, "Carol"), proven},
		{"a colleague logged in and wrote her address", "own", stamped(signed) + fmt.Sprintf(loginLine, "ian@example.com"), forged},
		{"a milter says who logged in", "own", stamped("mx.example.com; auth=pass smtp.auth=carol@example.com") + ourLine, proven},
		{"a milter says that a colleague did, and it is signed", "own", stamped("mx.example.com; auth=pass smtp.auth=ian@example.com; dkim=pass header.d=example.com; dmarc=pass header.from=example.com") + ourLine, forged},
		{"a stranger who calls itself a login", "own", "Received: from (Authenticated sender: carol@example.com) (evil [192.0.2.66])\n\tby mx.example.com (Postfix) with ESMTP id 5; Mon, 2 Mar 2026 10:00:00 +0000\n", unproven},
		{"a login in a line below ours", "own", ourLine + fmt.Sprintf(loginLine, "carol@example.com"), unproven},

		{"Gmail says so", "gmail", gmailTop + gmailLine + gmailSPF + stamped("mx.google.com; dkim=pass header.i=@example.com header.s=s header.b=x; spf=pass (google.com: x) smtp.mailfrom=carol@example.com; dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=example.com"), proven},
		{"Gmail says that DMARC failed", "gmail", gmailTop + gmailLine + stamped("mx.google.com; dmarc=fail (p=NONE) header.from=example.com"), forged},
		{"Gmail's comment repeats what the sender wrote", "gmail", gmailLine + stamped(gmailTrap), unproven},
		{"an older field of Gmail's, below the sender's", "gmail", gmailLine + "X-Sender: x\n" + stamped("mx.google.com; dmarc=pass header.from=example.com"), unproven},
		{"another server's below Gmail's line", "gmail", gmailLine + stamped("mx.example.com; dmarc=pass header.from=example.com"), unproven},
		{"below another server's line, what seems to be Gmail's", "gmail", theirLine + gmailTop + gmailLine + stamped("mx.google.com; dmarc=pass header.from=example.com"), unproven},
		{"it never came to Gmail", "gmail", stamped("mx.google.com; dmarc=pass header.from=example.com") + ourLine, unproven},

		{"Exchange Online says so", "m365", eopMiddle + stamped(eop) + "Received-SPF: Pass (x)\n" + eopBorder + theirLine, proven},
		{"Exchange Online says that DMARC failed", "m365", eopMiddle + stamped(strings.ReplaceAll(eop, "dmarc=pass", "dmarc=fail")) + eopBorder, forged},
		{"a guess of Exchange's", "m365", eopMiddle + stamped("spf=pass smtp.mailfrom=example.com; dkim=none (message not signed) header.d=none;dmarc=bestguesspass action=none header.from=example.com;compauth=pass reason=109") + eopBorder, unproven},
		{"what a sender's Exchange wrote below", "m365", eopMiddle + stamped("spf=none smtp.mailfrom=x; dkim=none header.d=none;dmarc=none action=none header.from=example.com") + eopBorder + stamped("example.com; dkim=pass header.d=example.com;example.com; dmarc=pass action=none header.from=example.com;"), unproven},
		{"with our domain for a name, below the border", "m365", eopMiddle + eopBorder + stamped("example.com; dmarc=pass action=none header.from=example.com"), unproven},
		{"bare names between the results", "m365", eopMiddle + stamped("spf=pass smtp.mailfrom=example.com; example.com; dkim=pass header.d=example.com;example.com; dmarc=pass action=none header.from=example.com") + eopBorder, proven},
		{"another server above the border", "m365", "Received: from DB5EUR01FT1.eop-EUR01.prod.protection.outlook.com by evil.example; Mon, 2 Mar 2026 10:00:02 +0000\n" + stamped(eop) + eopBorder, unproven},
		{"mail within Exchange Online, believed", "inside", authAs + eopInside, proven},
		{"and not asked for", "m365", authAs + eopInside, unproven},
		{"anonymous within", "inside", strings.ReplaceAll(authAs, "Internal", "Anonymous") + eopInside, unproven},
		{"a stranger's word that it is internal", "inside", eopMiddle + stamped("dmarc=none action=none header.from=example.com") + eopBorder + authAs, unproven},
		{"internal without a line of Exchange's", "inside", authAs, unproven},
		{"internal, but it went by another server", "inside", authAs + eopInside + theirLine, unproven},

		{"no proof is asked for", "none", stamped(passes) + ourLine, unproven},
	} {
		t.Run(story.name, func(t *testing.T) {
			m, raw := carolsMail(t, story.header+fromCarol)
			proof := profiles[story.profile].Prove(t.Context(), m, raw)
			if got := judged(proof); got != story.want {
				t.Errorf("%s by %q, because %s; want %s", got, proof.How, proof.Why, story.want)
			}
			if (proof.Proven || proof.Forged) && proof.Field == "" {
				t.Error("what was believed is not kept")
			}
			if !proof.Proven && proof.Why == "" {
				t.Error("it is not said why")
			}
		})
	}
}

func carolsMail(t *testing.T, text string) (*Message, []byte) {
	t.Helper()
	raw := []byte(strings.ReplaceAll(text, "\n", "\r\n"))
	m, err := Read(raw, DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	return m, raw
}

// A second From hides which of two a server has checked.
func TestTwoFromProveNothing(t *testing.T) {
	m, raw := carolsMail(t, stamped(passes)+ourLine+"From: mallory@evil.example\n"+fromCarol)
	if m.FromProblem == "" {
		t.Error("two From fields are no problem")
	}
	if proof := profiles["own"].Prove(t.Context(), m, raw); proof.Proven {
		t.Error("proven by", proof.How)
	}
}

// Whatever a field says, what it is taken to say stands in it outside of
// comments.
func FuzzAuthResults(f *testing.F) {
	for _, field := range []string{passes, fails, signed, eop, boobyTrap, gmailTrap, "mx.example.com; none", `x; dkim=pass reason="a;b" header.i="c d"@e`, "a/b 1 ; c / d = e"} {
		f.Add(field)
	}
	f.Fuzz(func(t *testing.T, field string) {
		for _, exchange := range []bool{false, true} {
			a, err := parseAuthResults(field, exchange)
			if err != nil {
				continue
			}
			bare := strings.ToLower(outsideOfComments(field))
			for _, r := range a.results {
				if !strings.Contains(bare, r.method) || !strings.Contains(bare, "=") {
					t.Errorf("%q: a result %q=%q that is not there", field, r.method, r.value)
				}
			}
			if proof := a.verdict("example.com"); proof.Proven && !strings.Contains(bare, "pass") {
				t.Errorf("%q: proven by what stands in a comment", field)
			}
		}
	})
}

// outsideOfComments is the field without comments, found by counting.
func outsideOfComments(field string) string {
	var b strings.Builder
	depth, inQuotes := 0, false
	for i := 0; i < len(field); i++ {
		c := field[i]
		opens, closes := !inQuotes && c == '(', !inQuotes && c == ')' && depth > 0
		switch {
		case c == '\\':
			i++
			continue
		case depth == 0 && c == '"':
			inQuotes = !inQuotes
		case opens:
			depth++
		case closes:
			depth--
		}
		if depth == 0 && !closes {
			b.WriteByte(c)
		}
	}
	return b.String()
}
