// Package clients records how real mail programs answer a real ballot: each is
// driven as a person would, and the mail it sends is kept byte for byte in
// mailread/testdata/clients, with what was typed. "make recordings" does it anew;
// mailread's TestRecordedReplies holds what is read against what was typed.
//
// Everything lies in the tests.
package clients
