package mailtmpl

import "strings"

// proofs say how the sender of an answer was proven, by what the record has.
var proofs = map[string]string{
	"token":         "by mail, with the token of the ballot",
	"address":       "by mail, from a registered address",
	"authenticated": "by mail, authenticated",
	"page":          "by page, proven by code",
	"operator":      "by the operator",
}

// Proof says how the sender of an answer was proven: "by page, proven by code".
func Proof(proof string) string {
	if level, how, found := strings.Cut(proof, ": "); found && proofs[level] != "" {
		return proofs[level] + " (" + how + ")"
	}
	return or(proofs[proof], proof)
}
