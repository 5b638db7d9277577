// Package play is a company to learn the product with: everybody's mailbox on one
// local page, where mails are read and answered, and the clock is moved on. It
// plays on a stage (internal/testkit/stage), with the real daemon and its pages.
package play
