package mailtmpl

import (
	"slices"
	"time"

	"github.com/countersign/countersign/policy"
)

// mailOf is the data of one mail of the example, with everything the desk adds.
func mailOf(kind policy.NoticeKind, c policy.Change, reader policy.PersonID, why string, now string) Data {
	d := Data{
		Notice: policy.Notice{Kind: kind, To: reader, Why: why}, Change: c, Directory: directory(),
		Org: Organization{
			Name: "Example Inc.", Mailbox: "changes@example.com", SubAddress: true, PolicyID: policy.ID, Operator: "postmaster@example.com",
		},
		Now: at(now), Location: montreal, MessageID: "m1.c1@example.com",
	}
	d.Reader, _ = d.Directory.Person(reader)
	if c.ID != "" {
		d.Papered = reader != "" && !slices.Contains(policy.Distribution, kind)
		d.Thread = Thread{Root: "root.c1@example.com", Parent: "parent.c1@example.com", References: []string{"middle.c1@example.com"}}
	}
	if open := c.OpenFor(reader); len(open) > 0 && len(kind) > 0 && carriesBallot(kind) {
		d.Notice.Ballot = open[0].ID
	}
	return d
}

func carriesBallot(kind policy.NoticeKind) bool {
	asks := map[policy.NoticeKind]bool{policy.AskMissing: true, policy.NoticeAnswered: true, policy.AnswerStatus: true, policy.AnswerUnread: true}
	for _, k := range []policy.BallotKind{
		policy.BallotCorrection, policy.BallotAuthorization, policy.BallotQuestion, policy.BallotRatification, policy.BallotOffer, policy.BallotImplementation,
		policy.BallotTest, policy.BallotRelease, policy.BallotCheck, policy.BallotDocuments, policy.BallotDecision, policy.BallotUndo,
	} {
		asks[policy.AskOf(k)] = true
	}
	return asks[kind]
}

func with(d Data, change func(*Data)) Data { change(&d); return d }

const (
	partIn = "You have a part in this change."
	told   = "Implementations of changes are reported to you (POL-005, 7)."
)

// examples is one mail of every kind, and some variants.
func examples() map[string]Data {
	authorize := open(policy.BallotAuthorization, "cto", "11-22 14:00", "11-27 17:00")
	given := func(excerpt string) Given {
		return Given{From: "cto@example.com", Subject: "Re: [CHG-2026-0042] Your decision by Fri 27 November: Upgrade PostgreSQL 15 to 17 on the billing cluster", Excerpt: excerpt, At: at("11-23 09:12")}
	}
	d, wrong := draft()
	list := map[string]Data{}
	add := func(kind policy.NoticeKind, c policy.Change, reader policy.PersonID, why, now string, more func(*Data)) {
		data := mailOf(kind, c, reader, why, now)
		if more != nil {
			more(&data)
		}
		list[string(kind)] = data
	}
	add(policy.AskCorrection, d, "lead", "You proposed this change.", "11-20 10:02", func(d *Data) {
		d.Notice.Problems = wrong
		d.Given = Given{From: "lead@example.com", Subject: "PostgreSQL 17 for billing", At: at("11-20 10:01")}
		d.Thread = Thread{Root: "their-mail@example.com"}
	})
	add(policy.AskAuthorization, proposed(), "cto", "You are asked as CTO (POL-005, 2).", "11-22 15:41", nil)
	add(policy.AskQuestion, func() policy.Change {
		c := proposed()
		b := open(policy.BallotQuestion, "lead", "11-22 14:30", "11-27 17:00")
		b.Question = &policy.Question{By: "cto", Text: "Has the rebuild of the replication been rehearsed?"}
		c.Ballots = []policy.Ballot{authorize, b}
		return c
	}(), "lead", "You proposed this change.", "11-22 14:30", nil)
	emergency := func(b ...policy.Ballot) policy.Change {
		c := inProgress(b...)
		c.Proposal.Urgency, c.Ratify = policy.UrgencyEmergency, true
		c.Marks = []policy.Mark{{Kind: policy.MarkEmergency, Text: "authorized by one person alone", At: at("11-23 09:14")}}
		return c
	}
	add(policy.AskRatification, emergency(open(policy.BallotRatification, "itdir", "11-23 09:14", "11-24 17:00")), "itdir", "An emergency change was authorized without a second pair of eyes; yours are asked for now.", "11-23 09:15", nil)
	add(policy.AskOffer, after(policy.StateAuthorized, open(policy.BallotOffer, "dev1", "11-23 09:14", "11-26 17:00")), "dev1", "You are named as the implementer (POL-005, 4).", "11-23 09:15", nil)
	add(policy.AskImplementation, inProgress(open(policy.BallotImplementation, "dev1", "11-23 10:00", "12-07 17:00")), "dev1", "You are named as the implementer (POL-005, 4).", "11-23 10:01", func(d *Data) {
		d.Notice.Receipt, d.Notice.ReceiptOf = answer(policy.KeywordTake, "dev1", "11-23 10:00", nil), policy.BallotOffer
	})
	test := open(policy.BallotTest, "qa1", "12-04 16:12", "12-09 17:00")
	test.Attempt = 2
	add(policy.AskTest, implementedChange(test), "qa1", "You are named as the tester (POL-005, 6).", "12-04 16:13", nil)
	add(policy.AskRelease, testedChange(open(policy.BallotRelease, "dev1", "12-05 21:48", "12-11 17:00")), "dev1", "You are named as the implementer (POL-005, 4).", "12-05 21:49", nil)
	add(policy.AskCheck, releasedChange(open(policy.BallotCheck, "cto", "12-05 22:15", "12-09 17:00")), "cto", "You authorized this change and are responsible for checking it (POL-005, 5).", "12-05 22:16", nil)
	add(policy.AskDocuments, checkedChange(open(policy.BallotDocuments, "cto", "12-07 10:05", "12-21 17:00")), "cto", "You authorized this change and are responsible for its documents (POL-005, 8).", "12-07 10:06", func(d *Data) {
		d.Notice.Receipt, d.Notice.ReceiptOf = d.Change.Ballots[4].Answer, policy.BallotCheck
	})
	add(policy.AskDecision, heldChange(open(policy.BallotDecision, "cto", "12-02 09:00", "12-03 17:00")), "cto", "You are asked as CTO (POL-005, 2).", "12-02 09:01", nil)
	add(policy.AskUndo, undoingChange(open(policy.BallotUndo, "dev1", "12-07 09:02", "12-08 17:00")), "dev1", "You are named as the implementer (POL-005, 4).", "12-07 09:03", func(d *Data) { d.Notice.Cause = undoAnswer() })
	partial := assessment()
	delete(partial, policy.LabelRollback)
	delete(partial, policy.LabelRisk)
	add(policy.AskMissing, func() policy.Change {
		c := proposed()
		c.Ballots[1].Partial = answer(policy.KeywordApprove, "cto", "11-23 09:12", partial)
		return c
	}(), "cto", "You answered a ballot, and something in your answer is missing.", "11-23 09:13", func(d *Data) {
		d.Notice.Cause = d.Change.Ballots[1].Partial
		d.Notice.Problems = []policy.Problem{
			{Label: policy.LabelRisk, Code: policy.ProblemReason, Given: "medium", Text: "The risk is said to be medium, but not why.", Hint: "Add the reason after the level (POL-005, 3b)."},
			{Label: policy.LabelRollback, Code: policy.ProblemMissing, Text: "Rollback is missing.", Hint: "Say what will be done if it fails, and how long that takes (POL-005, 3c)."},
		}
	})
	add(policy.ReceiptProposed, proposed(), "lead", "You proposed this change.", "11-22 14:00", nil)
	add(policy.ReceiptCounted, after(policy.StateAuthorized, open(policy.BallotOffer, "dev1", "11-23 09:14", "11-26 17:00")), "cto", "You answered, and this is how it was read.", "11-23 09:15", func(d *Data) {
		d.Notice.Receipt, d.Notice.ReceiptOf = d.Change.Ballots[1].Answer, policy.BallotAuthorization
	})
	add(policy.NoticeAnswered, proposed(), "cto", "A question about this change was answered; your decision is still open.", "11-22 15:41", func(d *Data) {
		d.Notice.Cause, d.Notice.Text = d.Change.Ballots[0].Answer, d.Change.Ballots[0].Question.Text
	})
	add(policy.NoticeAuthorized, after(policy.StateAuthorized, open(policy.BallotOffer, "dev1", "11-23 09:14", "11-26 17:00")), "lead", "You proposed this change.", "11-23 09:15", nil)
	refusal := answer(policy.KeywordReject, "cto", "11-23 09:14", policy.Form{policy.LabelReason: "not before the year-end closing; propose it for January"})
	add(policy.NoticeRejected, with(mailOf("", proposed(), "", "", "11-23 09:15"), func(d *Data) {
		d.Change.State, d.Change.Ended = policy.StateRejected, at("11-23 09:14")
		d.Change.Ballots = []policy.Ballot{cast("a1", policy.BallotAuthorization, refusal, nil)}
	}).Change, "lead", "You proposed this change.", "11-23 09:15", func(d *Data) { d.Notice.Cause = refusal })
	ended := func(s policy.State) policy.Change {
		c := proposed()
		c.State, c.Ended, c.Ballots = s, at("11-30 17:00"), nil
		return c
	}
	add(policy.NoticeWithdrawn, ended(policy.StateWithdrawn), "cto", "You were asked about this change.", "11-30 17:00", func(d *Data) {
		d.Notice.Cause = answer(policy.KeywordWithdraw, "lead", "11-30 17:00", policy.Form{policy.LabelReason: "the vendor supports 15 for another year"})
	})
	add(policy.NoticeExpired, ended(policy.StateExpired), "lead", partIn, "11-30 17:00", nil)
	add(policy.NoticeCanceled, ended(policy.StateCanceled), "dev1", "You had a part in this change.", "11-30 17:00", func(d *Data) {
		d.Notice.Text = "The billing cluster is being replaced altogether."
	})
	add(policy.NoticeHeldUp, heldChange(open(policy.BallotDecision, "cto", "12-02 09:00", "12-03 17:00")), "lead", partIn, "12-02 09:01", nil)
	add(policy.NoticeGoesOn, inProgress(open(policy.BallotImplementation, "dev1", "12-03 10:00", "12-17 17:00")), "lead", partIn, "12-03 10:01", func(d *Data) {
		d.Notice.Cause = answer(policy.KeywordContinue, "cto", "12-03 10:00", policy.Form{policy.LabelReason: "the backup network is open now"})
	})
	rework := implementedChange(open(policy.BallotImplementation, "dev1", "12-03 11:20", "12-17 17:00"))
	rework.State = policy.StateInProgress
	add(policy.NoticeRework, rework, "lead", partIn, "12-03 11:21", func(d *Data) { d.Notice.Cause = d.Change.Ballots[2].Answer })
	add(policy.NoticeUndoing, undoingChange(open(policy.BallotUndo, "dev1", "12-07 09:02", "12-08 17:00")), "lead", partIn, "12-07 09:03", func(d *Data) { d.Notice.Cause = undoAnswer() })
	moved := after(policy.StateAuthorized, open(policy.BallotOffer, "dev1", "11-23 09:14", "11-26 17:00"))
	moved.Settled.Window = "12 December 2026, 20:00 to 23:00"
	add(policy.NoticeRescheduled, moved, "cto", partIn, "11-24 08:00", func(d *Data) {
		d.Notice.Cause = answer(policy.KeywordReschedule, "lead", "11-24 08:00", policy.Form{policy.LabelWindow: "12 December 2026, 20:00 to 23:00", policy.LabelReason: "the year-end rehearsal is on the 5th"})
	})
	handed := inProgress(open(policy.BallotImplementation, "dev2", "11-25 09:00", "12-09 17:00"))
	handed.Implementer = "dev2"
	add(policy.NoticeHandedOver, handed, "cto", partIn, "11-25 09:01", func(d *Data) {
		d.Notice.Cause = answer(policy.KeywordHandover, "dev1", "11-25 09:00", policy.Form{policy.LabelImplementer: "Bruno Weiss", policy.LabelReason: "I am away that week"})
	})
	add(policy.NoticeVoided, inProgress(), "dev2", "You were asked about this change.", "11-23 10:01", func(d *Data) {
		d.Notice.ReceiptOf, d.Notice.Text = policy.BallotOffer, "Ines Moreau has taken it."
	})
	add(policy.NoticeClosed, closedChange(), "lead", "You had a part in this change.", "12-08 16:31", nil)
	back := undoneChange()
	back.State = policy.StateRolledBack
	add(policy.NoticeRolledBack, back, "lead", "You had a part in this change.", "12-09 09:00", nil)
	add(policy.NoticeOverdue, after(policy.StateAuthorized, open(policy.BallotOffer, "dev1", "11-23 09:14", "11-26 17:00")), "cto", partIn, "11-26 17:01", nil)
	add(policy.NoticeNobody, after(policy.StateAuthorized), "owner", "You have a part in this change, or own the policy.", "11-24 09:00", func(d *Data) {
		d.Notice.Text = "Nobody is left who could implement it."
	})
	add(policy.ToldReleased, releasedChange(), "dev2", told, "12-05 22:16", func(d *Data) {
		d.Notice.Cause = answer(policy.KeywordReleased, "dev1", "12-05 22:15", policy.Form{policy.LabelNotes: "connections were cut for 40 seconds at 22:09"})
	})
	add(policy.ToldUndone, undoneChange(), "dev2", told, "12-07 10:41", func(d *Data) { d.Notice.Cause = undoneAnswer() })
	add(policy.ToldG7Released, releasedChange(), "", told, "12-05 22:16", func(d *Data) { d.Notice.Address = "g7@example.com" })
	add(policy.ToldG7Undone, undoneChange(), "", told, "12-07 10:41", func(d *Data) {
		d.Notice.Address, d.Notice.Cause = "g7@example.com", undoneAnswer()
	})
	add(policy.AnswerStatus, implementedChange(test), "lead", "You asked where it stands.", "12-07 08:00", func(d *Data) {
		d.Given = Given{From: "lead@example.com", Subject: "CHG-2026-0042?", Excerpt: "status", At: at("12-07 07:59")}
	})
	add(policy.AnswerHelp, policy.Change{}, "lead", "You asked for help.", "11-20 09:00", func(d *Data) {
		d.Given = Given{From: "lead@example.com", Subject: "help", Excerpt: "help", At: at("11-20 08:59")}
	})
	add(policy.AnswerRefused, implementedChange(test), "qa1", "You answered, and it did not count.", "12-04 17:00", func(d *Data) {
		d.Notice.Refusal = &policy.Refusal{Code: policy.RefusedOldAttempt, Reason: "Your answer is about an earlier implementation; it was implemented anew since, as version pg17-2026.12.05.", Hint: "Answer the current ballot instead; it stands below.", Ballot: "open-test"}
		d.Notice.Ballot = "open-test"
		d.Given = Given{From: "qa1@example.com", Subject: "Re: [CHG-2026-0042] Yours to test", Excerpt: "PASS\nEvidence: all green", At: at("12-04 16:59")}
	})
	add(policy.AnswerDecided, after(policy.StateAuthorized, open(policy.BallotOffer, "dev1", "11-23 09:14", "11-26 17:00")), "cto", "You answered, and it did not count.", "11-23 11:00", func(d *Data) {
		d.Notice.Refusal = &policy.Refusal{Code: policy.RefusedDecided, Reason: "That was already decided by you: you answered APPROVE on Mon 23 November 2026, 09:14.", Hint: "Nothing is left for you to do on it."}
		d.Given = given("REJECT\nReason: on second thoughts, not this year")
	})
	add(policy.AnswerUnread, proposed(), "cto", "You answered, and it could not be read.", "11-23 09:13", func(d *Data) {
		d.Notice.Refusal = &policy.Refusal{Reason: "The word APPROVE stands inside a sentence, so it is not clear whether that is your decision.", Hint: "Please send the word alone on the first line."}
		d.Given = given("I would approve this, but is the rebuild rehearsed?")
	})
	add(policy.AnswerNotProposer, policy.Change{}, "dev1", "You sent a proposal.", "11-20 09:00", func(d *Data) {
		d.Given = Given{From: "dev1@example.com", Subject: "new cache for search", Excerpt: "Title: new cache for search\nSystems: search-1", At: at("11-20 08:59")}
	})
	add(policy.AnswerTwoChanges, policy.Change{}, "lead", "You sent a proposal.", "11-20 09:00", func(d *Data) {
		d.Given = Given{From: "lead@example.com", Subject: "PostgreSQL and the cache", At: at("11-20 08:59")}
	})
	add(policy.AnswerOversize, policy.Change{}, "qa1", "You sent a mail to this mailbox.", "11-20 09:00", func(d *Data) {
		d.Notice.Text = "It has 61 MB; mails of up to 25 MB are read."
		d.Given = Given{From: "qa1@example.com", Subject: "Re: [CHG-2026-0042] Yours to test", At: at("11-20 08:59")}
	})
	add(policy.AnswerLeftOut, proposed(), "qa1", "You wrote to changes@example.com.", "11-20 09:00", func(d *Data) {
		d.Notice.Text = "load-test.zip, 14 MB\nOf each attachment 10 MB are kept, of all in a mail 20 MB."
		d.Given = Given{From: "qa1@example.com", Subject: "Re: [CHG-2026-0042] Yours to test", Excerpt: "PASS", At: at("11-20 08:59")}
	})
	add(policy.AnswerUnknown, policy.Change{}, "qa1", "You sent a mail to this mailbox.", "11-20 09:00", func(d *Data) {
		d.Notice.Text = "CHG-2026-4200"
		d.Given = Given{From: "qa1@example.com", Subject: "CHG-2026-4200", Excerpt: "status CHG-2026-4200", At: at("11-20 08:59")}
	})
	add(policy.OwnerMisused, proposed(), "cto", "A mail carried the reference of your paper.", "11-23 09:13", func(d *Data) {
		d.Given = Given{From: "assistant@example.com", Subject: "Fwd: your decision", Excerpt: "APPROVE", At: at("11-23 09:12")}
	})
	add(policy.OperatorMisused, proposed(), "", "You operate this service.", "11-23 09:13", func(d *Data) {
		d.Notice.Address = "postmaster@example.com"
		d.Given = Given{From: "assistant@example.com", Subject: "Fwd: your decision", Excerpt: "APPROVE", At: at("11-23 09:12")}
	})
	forged := Given{From: "cto@example.com", Subject: "Re: [CHG-2026-0042] Your decision by Fri 27 November", Excerpt: "APPROVE\n\nRisk: low, it is small", At: at("11-23 09:12")}
	add(policy.AskConfirmation, proposed(), "cto", "A mail came from your address.", "11-23 09:13", func(d *Data) {
		d.Given, d.Notice.Given = forged, policy.Form{policy.LabelReply: "answer APPROVE"}
		d.Notice.Text = "there is no Authentication-Results of mx.example.com where it would stand"
	})
	add(policy.AnswerDenied, proposed(), "cto", "You wrote to changes@example.com.", "11-23 09:20", nil)
	add(policy.OwnerSpoofed, proposed(), "cto", "A mail came in your name.", "11-23 09:13", func(d *Data) {
		d.Given, d.Notice.Text = forged, "It says APPROVE about CHG-2026-0042. The mail server says dmarc=fail header.from=example.com."
	})
	add(policy.OperatorSpoofed, proposed(), "", "You are an operator of Countersign.", "11-23 09:13", func(d *Data) {
		d.Notice.Address, d.Given = "postmaster@example.com", forged
		d.Notice.Text = "It came in the name of Claire Tremblay. It says APPROVE about CHG-2026-0042. The mail server says dmarc=fail header.from=example.com. Nothing was decided by it."
	})
	add(policy.OperatorUnreadable, policy.Change{}, "", "You operate this service.", "11-23 09:13", func(d *Data) {
		d.Notice.Address, d.Notice.Text = "postmaster@example.com", "Reading it failed three times: multipart without an end."
		d.Given = Given{Subject: "scan.pdf", At: at("11-23 09:12")}
	})
	add(policy.OperatorArchive, policy.Change{}, "", "You are an operator of Countersign.", "11-23 09:13", func(d *Data) {
		d.Notice.Address, d.Notice.Text = "postmaster@example.com", "It took 200.0 MB on 23 November 2026."
	})
	add(policy.OperatorUndelivered, proposed(), "", "You operate this service.", "11-23 09:13", func(d *Data) {
		d.Notice.Address, d.Notice.Text = "postmaster@example.com", "550 5.1.1 <qa9@example.com>: Recipient address rejected: User unknown"
	})
	add(policy.OperatorUnpublished, closedChange(), "", "You are an operator of Countersign.", "12-08 09:13", func(d *Data) {
		d.Notice.Address = "postmaster@example.com"
		d.Notice.Text = "Somebody has changed what Countersign wrote on its page. Nothing was written over. Move what they wrote into the notes at the end of the page, which are kept. Then: countersign records republish CHG-2026-0042."
		d.Notice.Details = "  Risk\n- medium: the rebuild is rehearsed\n+ low, says Bob\n  Rollback"
	})
	add(policy.PersonDirectory, policy.Change{}, "cto", "You are on file here.", "11-24 09:00", func(d *Data) {
		d.Notice.Text = "Before, it was Claire Tremblay (cto@example.com), roles none, teams development."
	})
	add(policy.OwnerDirectory, policy.Change{}, "cto", "You own the policy.", "11-24 09:00", func(d *Data) {
		d.Notice.Text = "Claire Tremblay (cto@example.com), roles CTO, teams development\nThe four-eyes mode is as-written now."
	})
	said := "Claire Tremblay said who stands in for them."
	term := policy.Appointment{Principal: "cto", Deputy: "itdir", At: at("11-24 09:00"), From: at("12-01 00:00"), Until: at("12-05 00:00")}
	add(policy.ReceiptDeputy, policy.Change{}, "cto", "You said who stands in for you.", "11-24 09:01", func(d *Data) {
		d.Notice.Appointed = &term
		d.Given = Given{From: "cto@example.com", Subject: "next week", Excerpt: "DEPUTY Ibrahim Diallo FROM 1 December UNTIL 4 December", At: at("11-24 09:00")}
	})
	add(policy.NoticeDeputy, policy.Change{}, "itdir", said, "11-24 09:01", func(d *Data) { d.Notice.Appointed = &term })
	variants(list)
	monthly(list)
	waitingVariants(list)
	pageVariants(list)
	dutyVariants(list)
	return list
}

func undoneAnswer() *policy.Answer {
	return answer(policy.KeywordUndone, "dev1", "12-07 10:41", policy.Form{policy.LabelUndoneAt: "Mon 7 December, 10:40", policy.LabelNotes: "the old standby is promoted; Saturday's invoices are being run again"})
}

// variants are mails that say more in some cases; their names are the kind and
// what is different.
func variants(list map[string]Data) {
	again := list[string(policy.AskAuthorization)]
	again.Changed = []policy.Label{policy.LabelRollback, policy.LabelTester}
	again.Earlier = answer(policy.KeywordApprove, "cto", "11-23 09:14", assessment())
	p := again.Change.Proposal
	p.Rollback, p.Tester = "promote the old standby, which stays in step until January", ""
	again.Change.Proposal, again.Change.Revision, again.Change.Hash = p, 2, "51d09c2e"
	again.Change.Revisions = append(again.Change.Revisions[:1:1], policy.Revision{Number: 2, Hash: "51d09c2e", Proposal: p, At: at("11-24 10:00")})
	again.Now = at("11-24 10:01")
	list["authorizer-ask-authorization+again"] = again

	away := list[string(policy.NoticeOverdue)]
	away.Away = map[policy.PersonID]time.Time{}
	for _, b := range away.Change.OpenBallots() {
		away.Away[b.Person] = time.Date(2026, 12, 3, 0, 0, 0, 0, time.UTC)
	}
	list["person-notice-overdue+away"] = away

	deputy := list[string(policy.AskAuthorization)]
	deputy.Change.Ballots = []policy.Ballot{open(policy.BallotAuthorization, "itdir", "11-22 14:00", "11-27 17:00")}
	deputy.Change.Ballots[0].For = "cto"
	deputy.Reader, _ = deputy.Directory.Person("itdir")
	deputy.Notice.Why = "You stand in for Claire Tremblay."
	list["authorizer-ask-authorization+deputy"] = deputy

	for _, kind := range []policy.NoticeKind{policy.ReceiptDeputy, policy.NoticeDeputy} {
		d := list[string(kind)]
		d.Notice.Appointed = &policy.Appointment{Principal: "cto", At: at("11-24 09:00")}
		if d.Given.Excerpt != "" {
			d.Given.Excerpt = "DEPUTY NOBODY"
		}
		list[string(kind)+"+ended"] = d
	}

	nothing := list[string(policy.OperatorUnpublished)]
	nothing.Change, nothing.Notice.Details = policy.Change{}, ""
	nothing.Notice.Text = "Nothing could be published since 2026-12-08T08:01:00Z: making the page: Confluence does not take the user or the token. Make a new API token and put it into token_file. 3 changes wait for their pages."
	list["operator-notice-unpublished+all"] = nothing

	rework := list[string(policy.NoticeRework)]
	rework.Notice.Kind, rework.Notice.To, rework.Notice.Ballot = policy.AskImplementation, "dev1", "open-implementation"
	rework.Reader, _ = rework.Directory.Person("dev1")
	list["implementer-ask-implementation+rework"] = rework

	undone := list[string(policy.AskCheck)]
	undone.Change = undoneChange(open(policy.BallotCheck, "cto", "12-07 10:41", "12-09 17:00"))
	list["authorizer-ask-check+undone"] = undone

	for _, kind := range []policy.NoticeKind{policy.ToldReleased, policy.ToldUndone, policy.ToldG7Released, policy.ToldG7Undone} {
		d := list[string(kind)]
		d.Change.Proposal.Restricted = true
		list[string(kind)+"+restricted"] = d
	}
	for _, kind := range []policy.NoticeKind{policy.ToldReleased, policy.ToldG7Released} {
		d := list[string(kind)]
		d.Change.Proposal.Environment, d.Change.Release.Untested = policy.ProductionWindow, 26*time.Minute
		d.Change.Marks = []policy.Mark{
			{Kind: policy.MarkEmergency, Text: "Proposed as an emergency.", At: at("11-22 14:00")},
			{Kind: policy.MarkProductionWindow, Text: "It can be tested only in production.", At: at("11-22 14:00")},
		}
		list[string(kind)+"+marked"] = d
	}
	report := list[string(policy.OperatorUndelivered)]
	report.Change = releasedChange()
	report.Notice.Owed, report.Notice.Text = "g7@example.com", "[CHG-2026-0042] Major change done\nto g7@example.com\n550 5.1.1 no such list"
	list["operator-notice-undelivered+report"] = report

	ended := list[string(policy.AnswerStatus)]
	ended.Change, ended.Notice.Ballot, ended.Notice.Owed = closedChange(), "", "qa1 and g7@example.com"
	ended.Notice.Lacks = []string{"delivery", "publication"}
	list["person-answer-status+outstanding"] = ended

	receipt := list[string(policy.ToldReleased)]
	receipt.Reader, _ = receipt.Directory.Person("dev1")
	receipt.Notice.To, receipt.Papered = "dev1", true
	receipt.Notice.ReceiptOf = policy.BallotRelease
	receipt.Notice.Receipt = answer(policy.KeywordReleased, "dev1", "12-05 22:15", policy.Form{
		policy.LabelReleasedAt: "Sat 5 December, 22:10", policy.LabelNotes: "connections were cut for 40 seconds at 22:09",
	})
	receipt.Notice.Cause = receipt.Notice.Receipt
	list["everyone-notice-released+receipt"] = receipt
	help := list[string(policy.AnswerStatus)]
	help.Notice.Kind = policy.AnswerHelp
	list["person-answer-help+change"] = help
}
