// Package abuse holds the tests in which people write in other people's names by
// way of the servers that companies run: Postfix, OpenDKIM, which signs, rspamd,
// which checks, and Dovecot. There is no program in it.
package abuse
