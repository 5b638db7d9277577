package policy

import "slices"

// A Rule is one answer a ballot takes.
type Rule struct {
	Keyword  Keyword
	Required []Label // fields the answer cannot be without
	Optional []Label
	Leads    string // what it leads to, for docs/states.md and HELP
}

// A Row is one state of the life of a change: the ballot it keeps open, whom
// that asks, and every answer.
type Row struct {
	State   State
	Ballot  BallotKind
	Asks    string
	Answers []Rule
}

var assessment = []Label{LabelJustification, LabelSecurityImpact, LabelRisk, LabelRollback} // (3)

// Table is the whole life of a change. Question and ratification ballots
// stand with the first state that can have them.
var Table = []Row{
	{StateDraft, BallotCorrection, "the proposer", []Rule{
		{NoKeyword, nil, ProposalLabels, "proposed, once nothing is missing"},
		{KeywordWithdraw, nil, []Label{LabelReason}, "withdrawn"},
	}},
	{StateProposed, BallotAuthorization, "each required authorizer", []Rule{
		{KeywordApprove, assessment, []Label{LabelMajor, LabelImplementer, LabelTester}, "authorized, once every required authorizer has approved"},
		{KeywordReject, []Label{LabelReason}, nil, "rejected; undoing, if it is already in production"},
		{KeywordAsk, []Label{LabelQuestion}, nil, "a question to the proposer, whose answer comes back to the authorizers"},
		{KeywordAlso, []Label{LabelCategory, LabelReason}, nil, "one more authorizer"},
	}},
	{StateProposed, BallotQuestion, "the proposer", []Rule{
		{NoKeyword, []Label{LabelReply}, nil, "the answer, to the authorizers"},
	}},
	{StateAuthorized, BallotOffer, "the named implementer; the pool IT and Development if they are silent, decline, or none is left", []Rule{
		{KeywordTake, nil, nil, "in progress"},
		{KeywordDecline, []Label{LabelReason}, nil, "authorized: the pool is asked"},
		{KeywordImplemented, []Label{LabelVersion, LabelDoneAt, LabelNotes}, []Label{LabelLeftUndone}, "implemented: taken and done in one answer"},
	}},
	{StateAuthorized, BallotRatification, "the co-signer of an emergency, in any state after it", []Rule{
		{KeywordRatify, nil, []Label{LabelNotes}, "the same state"},
		{KeywordObject, []Label{LabelReason}, nil, "held up; nothing more where it is being undone already"},
	}},
	{StateInProgress, BallotImplementation, "the implementer", []Rule{
		{KeywordImplemented, []Label{LabelVersion, LabelDoneAt, LabelNotes}, []Label{LabelLeftUndone}, "implemented"},
		{KeywordHandover, []Label{LabelImplementer}, []Label{LabelReason}, "in progress, with the new implementer"},
		{KeywordFailed, []Label{LabelReason, LabelLeftAs}, nil, "held up"},
	}},
	{StateImplemented, BallotTest, "the named tester; the pool IT and QA if they are silent or none is named; nobody who implemented any part", []Rule{
		{KeywordPass, []Label{LabelEvidence}, []Label{LabelVersion}, "tested; released, in a production window"},
		{KeywordFail, []Label{LabelReason}, []Label{LabelVersion}, "in progress; held up, the second time; undoing, in a production window"},
	}},
	{StateTested, BallotRelease, "the implementer; the pool IT and Development if they are silent or can no longer do it", []Rule{
		{KeywordReleased, []Label{LabelReleasedAt}, []Label{LabelVersion, LabelNotes}, "released, and the distribution goes out"},
	}},
	{StateReleased, BallotCheck, "every authorizer who approved", []Rule{
		{KeywordConfirm, []Label{LabelChecked}, []Label{LabelDeviationAccepted, LabelDocuments}, "checked, once every authorizer has confirmed"},
		{KeywordRework, []Label{LabelReason}, nil, "in progress, marked live"},
		{KeywordUndo, []Label{LabelReason}, nil, "undoing"},
	}},
	{StateChecked, BallotDocuments, "every authorizer who approved", []Rule{
		{KeywordDocumented, []Label{LabelDocuments}, nil, "closed, or rolled back, once every authorizer has answered"},
	}},
	{StateHeldUp, BallotDecision, "the required authorizers, and a co-signer where one was required or has objected", []Rule{
		{KeywordContinue, nil, []Label{LabelImplementer, LabelReason}, "where it came from, once all say so"},
		{KeywordAccept, nil, []Label{LabelVersion, LabelReason}, "implemented, as partial, once all say so"},
		{KeywordUndo, nil, []Label{LabelReason}, "undoing"},
		{KeywordCancel, []Label{LabelUntouched}, []Label{LabelReason}, "canceled"},
	}},
	{StateUndoing, BallotUndo, "the implementer; the pool IT and Development if they are silent or can no longer do it", []Rule{
		{KeywordUndone, []Label{LabelUndoneAt, LabelNotes}, nil, "undone: told to everyone who got the release"},
		{KeywordFailed, []Label{LabelReason, LabelLeftAs}, nil, "held up"},
	}},
	{StateUndone, BallotCheck, "every authorizer who approved", []Rule{
		{KeywordConfirm, []Label{LabelChecked}, []Label{LabelDeviationAccepted, LabelDocuments}, "checked, then documents, then rolled back"},
		{KeywordRework, []Label{LabelReason}, nil, "undoing again"},
	}},
}

// Acts are what a person may say about a change without being asked.
var Acts = []Rule{
	{KeywordAmend, nil, ProposalLabels, "a new revision, before TAKE: every authorizer is asked again"},
	{KeywordReschedule, []Label{LabelWindow, LabelReason}, nil, "a new window; the authorizers are told"},
	{KeywordWithdraw, nil, []Label{LabelReason}, "withdrawn before TAKE; held up after it"},
	{KeywordStop, []Label{LabelReason}, nil, "held up, from authorized to tested"},
	{KeywordUndone, []Label{LabelUndoneAt, LabelNotes}, nil, "undone, by the implementer, of a released or checked change"},
	{KeywordStatus, nil, nil, "a mail that says where the change stands"},
	{KeywordHelp, nil, nil, "a mail that says what can be answered"},
}

// Answers lists the rules of a ballot in a state; a check after an undo has
// fewer.
func Answers(state State, kind BallotKind) []Rule {
	var byKind []Rule
	for _, row := range Table {
		if row.Ballot != kind {
			continue
		}
		if row.State == state {
			return row.Answers
		}
		if byKind == nil {
			byKind = row.Answers
		}
	}
	return byKind
}

// ruleFor finds the rule by which the keyword answers the ballot.
func ruleFor(state State, kind BallotKind, keyword Keyword) (Rule, bool) {
	return find(Answers(state, kind), keyword)
}

// actFor finds the rule of an act.
func actFor(keyword Keyword) (Rule, bool) { return find(Acts, keyword) }

func find(rules []Rule, keyword Keyword) (Rule, bool) {
	i := slices.IndexFunc(rules, func(r Rule) bool { return r.Keyword == keyword })
	if i < 0 {
		return Rule{}, false
	}
	return rules[i], true
}

// rulesOf lists every rule with the keyword.
func rulesOf(keyword Keyword) []Rule {
	var rules []Rule
	for _, row := range Table {
		if r, ok := find(row.Answers, keyword); ok {
			rules = append(rules, r)
		}
	}
	if r, ok := actFor(keyword); ok {
		rules = append(rules, r)
	}
	return rules
}
