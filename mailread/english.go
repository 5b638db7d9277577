package mailread

import "github.com/countersign/countersign/policy"

// english is how people write in English.
var english = language{
	// The keywords are the policy's own words, which every language takes.
	keywords: nil,

	// Words like a keyword that are none: a first line with one of them is asked
	// about, never counted.
	almost: []string{
		"approved", "approves", "approving", "approval", "authorize", "authorized", "authorise", "authorised",
		"rejected", "rejects", "rejecting", "declined", "declining", "taken", "implement",
		"passed", "passes", "fails", "release", "confirmed", "confirming", "reworked",
		"documenting", "canceled", "cancelled", "accepted", "ratified", "objected", "objection",
		"withdrawn", "withdrew", "amended", "amendment", "rescheduled", "stopped", "rollback", "revert",
	},

	// Keywords that are common in any sentence; inside one they say nothing,
	// only at its beginning.
	common: []string{"ask", "also", "take", "pass", "help", "accept", "object", "status", "continue", "amend"},

	// Other names of the fields. The policy's own are added by words.go.
	labels: map[string]policy.Label{
		"subject of change": policy.LabelTitle, "change title": policy.LabelTitle,
		"categories": policy.LabelCategory, "change category": policy.LabelCategory, "type of change": policy.LabelCategory,
		"system": policy.LabelSystems, "systems affected": policy.LabelSystems, "system affected": policy.LabelSystems,
		"affected systems": policy.LabelSystems, "affected system": policy.LabelSystems, "affects": policy.LabelSystems,
		"details": policy.LabelDescription, "what": policy.LabelDescription, "change description": policy.LabelDescription,
		"business justification": policy.LabelJustification, "why": policy.LabelJustification, "rationale": policy.LabelJustification,
		"justification for business": policy.LabelJustification,
		"security":                   policy.LabelSecurityImpact, "security impacts": policy.LabelSecurityImpact,
		"impact on security": policy.LabelSecurityImpact, "security assessment": policy.LabelSecurityImpact,
		"risks": policy.LabelRisk, "risk level": policy.LabelRisk, "risk assessment": policy.LabelRisk,
		"roll back": policy.LabelRollback, "rollback plan": policy.LabelRollback, "roll back plan": policy.LabelRollback,
		"rollback procedure": policy.LabelRollback, "roll back procedure": policy.LabelRollback,
		"back out": policy.LabelRollback, "backout": policy.LabelRollback, "back out plan": policy.LabelRollback, "backout plan": policy.LabelRollback,
		"tests": policy.LabelTestPlan, "testing": policy.LabelTestPlan, "test": policy.LabelTestPlan, "testing plan": policy.LabelTestPlan, "testplan": policy.LabelTestPlan,
		"test environment": policy.LabelEnvironment,
		"implemented by":   policy.LabelImplementer, "implementor": policy.LabelImplementer, "to be implemented by": policy.LabelImplementer,
		"tested by": policy.LabelTester, "to be tested by": policy.LabelTester,
		"when": policy.LabelWindow, "change window": policy.LabelWindow, "maintenance window": policy.LabelWindow, "planned for": policy.LabelWindow,
		"major change":  policy.LabelMajor,
		"documentation": policy.LabelDocuments, "docs": policy.LabelDocuments, "documents affected": policy.LabelDocuments,
		"affected documents": policy.LabelDocuments, "documents updated": policy.LabelDocuments, "document": policy.LabelDocuments,
		"follow up of": policy.LabelFollows, "follows up": policy.LabelFollows,
		"already implemented": policy.LabelAlreadyDone, "done already": policy.LabelAlreadyDone,

		"reasons": policy.LabelReason, "because": policy.LabelReason, "my question": policy.LabelQuestion, "questions": policy.LabelQuestion,
		"answer": policy.LabelReply, "my answer": policy.LabelReply,
		"implemented version": policy.LabelVersion, "released version": policy.LabelVersion,
		"done on": policy.LabelDoneAt, "implemented at": policy.LabelDoneAt, "implemented on": policy.LabelDoneAt,
		"note": policy.LabelNotes, "remarks": policy.LabelNotes, "not done": policy.LabelLeftUndone,
		"left in state": policy.LabelLeftAs, "test evidence": policy.LabelEvidence, "proof": policy.LabelEvidence,
		"test results": policy.LabelEvidence, "test result": policy.LabelEvidence,
		"released on": policy.LabelReleasedAt, "in production since": policy.LabelReleasedAt,
		"what i checked": policy.LabelChecked, "checks": policy.LabelChecked,
		"accepted deviation": policy.LabelDeviationAccepted, "deviations accepted": policy.LabelDeviationAccepted,
		"deviation": policy.LabelDeviationAccepted, "untouched": policy.LabelUntouched,
		"undone on": policy.LabelUndoneAt,
	},

	// Names people use for the six categories. A name that could mean two of
	// them, such as "infrastructure" or "tools", is not here: it is asked back.
	categories: map[string]policy.Category{
		"software": policy.SoftwareTechnology, "software technologies": policy.SoftwareTechnology, "software tech": policy.SoftwareTechnology,
		"dev tools": policy.DevelopmentTools, "dev tool": policy.DevelopmentTools, "development tool": policy.DevelopmentTools,
		"developer tools": policy.DevelopmentTools, "development tooling": policy.DevelopmentTools, "dev tooling": policy.DevelopmentTools,
		"architecture": policy.ArchitectureDesign, "software architecture": policy.ArchitectureDesign, "architectural design": policy.ArchitectureDesign,
		"network": policy.NetworkInfrastructure, "networks": policy.NetworkInfrastructure, "networking": policy.NetworkInfrastructure,
		"network infra":  policy.NetworkInfrastructure,
		"cyber security": policy.Cybersecurity, "security": policy.Cybersecurity, "it security": policy.Cybersecurity, "information security": policy.Cybersecurity,
		"3rd party": policy.ThirdParty, "third party": policy.ThirdParty,
		"3rd party tools and services": policy.ThirdParty, "third party tools and services": policy.ThirdParty,
		"3rd party tools": policy.ThirdParty, "third party tools": policy.ThirdParty, "3rd party tool": policy.ThirdParty, "third party tool": policy.ThirdParty,
		"3rd party services": policy.ThirdParty, "third party services": policy.ThirdParty, "3rd party service": policy.ThirdParty, "third party service": policy.ThirdParty,
	},
}
