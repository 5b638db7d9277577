// Package screens looks at what people see: mails in a real browser, as wide as
// a phone and as a desk, light and dark, and in a real mail program. Its tests
// hold that nothing is cut off and everything can be read; make screenshots
// writes the pictures in docs/screenshots.
package screens
