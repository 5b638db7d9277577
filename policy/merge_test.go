package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// One person gets one mail where one says it all.
func TestMerge(t *testing.T) {
	receipt := &Answer{Keyword: KeywordApprove, By: "cto"}
	tests := []struct {
		name    string
		notices []Notice
		want    string
	}{
		{"a receipt alone is a mail", []Notice{
			{Kind: ReceiptCounted, To: "cto", Receipt: receipt},
		}, "cto person-receipt-counted+receipt"},
		{"a receipt rides on the ballot that leaves anyway", []Notice{
			{Kind: ReceiptCounted, To: "cto", Receipt: receipt}, {Kind: AskDocuments, To: "cto", Ballot: "b1"},
		}, "cto authorizer-ask-documents+receipt"},
		{"a receipt rides on one of several mails", []Notice{
			{Kind: ReceiptCounted, To: "cto", Receipt: receipt}, {Kind: AskTest, To: "cto", Ballot: "b1"}, {Kind: ToldReleased, To: "cto"},
		}, "cto tester-ask-test+receipt, cto everyone-notice-released"},
		{"who is asked anew is not told what happened as well", []Notice{
			{Kind: NoticeHeldUp, To: "cto"}, {Kind: NoticeVoided, To: "cto"}, {Kind: AskDecision, To: "cto", Ballot: "b1"}, {Kind: NoticeHeldUp, To: "ada"},
		}, "cto authorizer-ask-decision, ada person-notice-held-up"},
		{"who is told what happened is not told that nothing is left to do", []Notice{
			{Kind: NoticeVoided, To: "ada"}, {Kind: NoticeRejected, To: "ada"}, {Kind: NoticeVoided, To: "ben"},
		}, "ada person-notice-rejected, ben person-notice-voided"},
		{"nothing that must be told is left out for a ballot (7)", []Notice{
			{Kind: AskCheck, To: "cto", Ballot: "b1"}, {Kind: ToldReleased, To: "cto"}, {Kind: ToldG7Released, To: "grace"},
		}, "cto authorizer-ask-check, cto everyone-notice-released, grace g7-notice-released"},
		{"two ballots are two mails", []Notice{
			{Kind: AskAuthorization, To: "dep", Ballot: "b1"}, {Kind: AskAuthorization, To: "dep", Ballot: "b2"},
		}, "dep authorizer-ask-authorization, dep authorizer-ask-authorization"},
		{"the same mail is not sent twice", []Notice{
			{Kind: NoticeRejected, To: "lead", Why: "one"}, {Kind: NoticeRejected, To: "lead", Why: "two"},
			{Kind: NoticeVoided, To: "ada"}, {Kind: NoticeVoided, To: "ada"},
		}, "lead person-notice-rejected, ada person-notice-voided"},
		{"lists get what they get", []Notice{
			{Kind: ToldReleased, Address: "it@example.com"}, {Kind: ToldReleased, Address: "dev@example.com"}, {Kind: ToldG7Released, Address: "g7@example.com"},
		}, "it@example.com everyone-notice-released, dev@example.com everyone-notice-released, g7@example.com g7-notice-released"},
		{"nothing is nothing", nil, ""},
	}
	for _, test := range tests {
		before := fmt.Sprint(test.notices)
		var got []string
		for _, n := range merge(test.notices) {
			text := fmt.Sprintf("%s%s %s", n.To, n.Address, n.Kind)
			if n.Receipt != nil {
				text += "+receipt"
			}
			got = append(got, text)
		}
		if strings.Join(got, ", ") != test.want {
			t.Errorf("%s:\n%s\nwant\n%s", test.name, strings.Join(got, ", "), test.want)
		}
		if fmt.Sprint(test.notices) != before {
			t.Errorf("%s: merging altered what was merged", test.name)
		}
	}
}

// TestEveryCountedAnswerHasItsReceipt walks the tour: whoever answered finds
// their answer, read out, in exactly one of the mails that leave.
func TestEveryCountedAnswerHasItsReceipt(t *testing.T) {
	for _, s := range tour(t) {
		for _, e := range s.last.Events {
			cast, ok := e.(*Cast)
			if !ok {
				continue
			}
			receipts := slices.DeleteFunc(slices.Clone(s.last.Notices), func(n Notice) bool { return n.Receipt == nil })
			if len(receipts) != 1 || receipts[0].To != cast.Answer.By || receipts[0].Receipt.Keyword != cast.Answer.Keyword {
				t.Errorf("%s: the receipts are %+v", s.name, receipts)
			}
		}
	}
}
