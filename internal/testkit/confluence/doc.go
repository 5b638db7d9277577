// Package confluence is a Confluence in memory, as strict as the real one: Cloud,
// with the second version of its REST API and what is left of the first, or Data
// Center, which has the first alone. It keeps versions, titles, properties,
// labels, attachments and comments, refuses what Confluence refuses in the words
// Confluence has for it, and gives back storage format as Confluence does, which
// is not as it was written.
//
// # What a test can do
//
// A person's acts are methods: EditBody, Rename, MovePage, Archive, Trash,
// AddInlineComment and so on. Next has the next requests go wrong. Page and
// Pages show what is kept, Requests and Count what was asked for.
//
// # What it leaves out
//
// Drafts, spaces other than the one, folders beyond their being a parent, and
// rendering. Where nobody has written down what Confluence does, it does what is
// harder on its client, and the comment there says so.
package confluence
