// Package storage keeps changes, the record, mail and tokens in Postgres, and
// turns rows into policy types and back. It decides nothing and renders
// nothing.
//
// # Three kinds of table
//
// The record (events, event_payloads, chain_head, directory) and the archive
// (messages, attachments) are written once and never altered; the role the
// daemon runs as, countersign_app, lacks the privilege. The projection
// (changes, ballots, hands) is what the events made of each change: it is
// locked, listed and constrained, and can be written anew from the events.
// The rest is the post room: outbox, tokens, numbers and attempts.
//
// # Transactions
//
// Everything one mail causes is written inside one [Store.Tx] and commits
// together or not at all. Locks are always taken in the same order: the
// change, the number series, last the head of the chain. Times are UTC and
// exact to the microsecond, which is what Postgres keeps.
package storage
