package policy

import (
	"slices"
	"time"
)

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

// MaySee says whether the person may see all of a change. Of a restricted one only
// those with a part in it may, and those who answer for the policy.
func MaySee(c Change, d Directory, id PersonID) bool {
	return !c.IsRestricted() || d.SeesAll(id) || slices.Contains(c.Involved(), id)
}

// SeesAll says whether restricted changes have no secrets from the person.
func (d Directory) SeesAll(id PersonID) bool {
	return d.Holds(id, CTO, ITDirector, PolicyOwner)
}
