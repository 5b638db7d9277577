package storage

// Claims is the statement of Claim, for the test that looks at how Postgres goes
// about it.
const Claims = claims
