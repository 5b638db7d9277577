package policy

import "time"

// samples are acts as somebody would send them, to ask whether they could.
var samples = map[Keyword]Form{
	KeywordAmend:      {LabelDescription: "a new description"},
	KeywordReschedule: {LabelWindow: "another time", LabelReason: "a reason"},
	KeywordWithdraw:   {LabelReason: "a reason"},
	KeywordStop:       {LabelReason: "a reason"},
	KeywordUndone:     {LabelUndoneAt: "just now", LabelNotes: "a note"},
}

// MayAct says whether the person could say the keyword about the change now
// without being asked, so that a mail or page offers nothing that would be
// refused.
func MayAct(c Change, d Directory, by PersonID, keyword Keyword, now time.Time) bool {
	sample, ok := samples[keyword]
	if !ok {
		return false
	}
	r := Decide(c, d, Command{Kind: CommandAct, By: by, Keyword: keyword, Form: sample}, now).Refusal
	return r == nil || r.Code == RefusedProblems // what is wrong with the sample would not be with theirs
}
