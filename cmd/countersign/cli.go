package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/countersign/countersign/internal/failpoint"
)

// cli is the whole command line: the flags of every verb, then the verbs.
type cli struct {
	globals

	Serve   serveCmd   `cmd:"" help:"Run the daemon."`
	Check   checkCmd   `cmd:"" help:"Try the configuration for real: database, mailbox, mail server."`
	List    listCmd    `cmd:"" help:"List the changes that are open."`
	Show    showCmd    `cmd:"" help:"Show one change: proposal, decisions, who is waited for."`
	Explain explainCmd `cmd:"" help:"Say how a mail would be read and what would become of it."`
	Cancel  cancelCmd  `cmd:"" help:"End a change that touched nothing in production."`
	Excuse  excuseCmd  `cmd:"" help:"Excuse somebody whom the report of a change did not reach."`
	Reissue reissueCmd `cmd:"" help:"Send every open ballot once more, when a token key is gone."`
	Digest  digestCmd  `cmd:"" help:"Show the digest of a month, or send it to G7 again."`
	Records recordsCmd `cmd:"" help:"Look after the published copy of the record, in Confluence."`
	Rebuild rebuildCmd `cmd:"" help:"Compute every change anew from the record, or compare."`
	Recover recoverCmd `cmd:"" help:"Decide again what a restored database does not know."`
	Prune   pruneCmd   `cmd:"" help:"Take the bytes of old mail that decided nothing out of the archive."`
	Migrate migrateCmd `cmd:"" help:"Bring the database to the schema of this program."`
	Version versionCmd `cmd:"" help:"Say which version this is, and what it implements."`
	Play    playCmd    `cmd:"" help:"Keep the company of the demo running, to learn the product with."`
	Demo    demoCmd    `cmd:"" help:"Play three changes and the digest of their month; nothing leaves the machine."`
}

// globals are the flags every verb takes, and what every verb is handed.
type globals struct {
	Config   string     `short:"c" type:"path" default:"/etc/countersign/countersign.toml" env:"COUNTERSIGN_CONFIG" placeholder:"FILE" help:"The configuration (${default})."`
	LogLevel slog.Level `default:"info" placeholder:"LEVEL" help:"How much to log on standard error: debug, info, warn or error (${default})."`

	ctx    context.Context // ends at SIGTERM and SIGINT
	now    func() time.Time
	stdout io.Writer // the answer
	stderr io.Writer // everything else
	log    *slog.Logger

	publishes bool // there is to be a page in Confluence for each change
}

const description = `Countersign runs a change-management policy by e-mail: people propose, authorize,
implement, test and check changes by writing to one mailbox, and every step is kept
as evidence.

To see it at work, run "countersign demo". To set it up, write the configuration, then
run "countersign migrate", "countersign check" and "countersign serve".`

// run carries out one command line and gives the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	c := cli{globals: globals{ctx: ctx, now: failpoint.Now, stdout: stdout, stderr: stderr}}
	return c.run(args)
}

func (c *cli) run(args []string) int {
	left := -1 // kong's --help leaves in the middle of reading the flags
	parser := kong.Must(c,
		kong.Name("countersign"), kong.Description(description),
		kong.Writers(c.stdout, c.stderr), kong.Exit(func(code int) { left = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: helpWidth}),
		kong.PostBuild(func(k *kong.Kong) error {
			k.Model.HelpFlag.Help = "Say how the program, or a verb, is used."
			return nil
		}),
	)
	command, err := parser.Parse(args)
	if left >= 0 {
		return left
	}
	if err != nil {
		return report(c.stderr, usage(err))
	}
	c.log = slog.New(slog.NewTextHandler(c.stderr, &slog.HandlerOptions{Level: c.LogLevel}))
	return report(c.stderr, command.Run(&c.globals))
}

// helpWidth is how wide the help is written at most.
const helpWidth = 80

// usage makes kong's error ours, with a hint.
func usage(err error) error {
	hint := "countersign --help lists the verbs."
	if wrong, ok := errors.AsType[*kong.ParseError](err); ok && wrong.Context != nil && wrong.Context.Command() != "" {
		verb, _, _ := strings.Cut(wrong.Context.Command(), " ")
		hint = "countersign " + verb + " --help says how it is used."
	}
	return &failure{err: err, hint: hint, code: exitUsage}
}
