package main

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"github.com/alecthomas/kong"
)

// cli is the whole command line: the flags of every verb, then the verbs.
type cli struct {
	globals

	Serve   serveCmd   `cmd:"" help:"Run the daemon."`
	Demo    demoCmd    `cmd:"" help:"Play three changes on a company of its own; nothing leaves the machine."`
	Check   checkCmd   `cmd:"" help:"Try the configuration for real: database, mailbox, mail server."`
	Explain explainCmd `cmd:"" help:"Say how a mail would be read and what would become of it, and change nothing."`
	List    listCmd    `cmd:"" help:"List the changes that are open."`
	Show    showCmd    `cmd:"" help:"Show one change: proposal, decisions, who is waited for."`
	Cancel  cancelCmd  `cmd:"" help:"End a change that touched nothing in production."`
	Rebuild rebuildCmd `cmd:"" help:"Recompute every change from the record, or hold the two against each other."`
	Migrate migrateCmd `cmd:"" help:"Bring the database to the schema of this program."`
	Version versionCmd `cmd:"" help:"Say which version this is, and what it implements."`
}

// globals are the flags every verb takes, and what every verb is handed.
type globals struct {
	Config   string     `short:"c" type:"path" default:"/etc/countersign/countersign.toml" env:"COUNTERSIGN_CONFIG" placeholder:"FILE" help:"The configuration (${env}; ${default})."`
	LogLevel slog.Level `default:"info" placeholder:"LEVEL" help:"How much to log on standard error: debug, info, warn or error (${default})."`

	ctx    context.Context // ends at SIGTERM and SIGINT
	stdout io.Writer       // the answer
	stderr io.Writer       // everything else
	log    *slog.Logger
}

const description = `Countersign runs a change-management policy by e-mail: people propose, authorize,
implement, test and check changes by writing to one mailbox, and every step is kept
as evidence.`

// run carries out one command line and gives the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	c := cli{globals: globals{ctx: ctx, stdout: stdout, stderr: stderr}}
	left := -1 // kong's --help leaves in the middle of reading the flags
	parser := kong.Must(&c,
		kong.Name("countersign"), kong.Description(description),
		kong.Writers(stdout, stderr), kong.Exit(func(code int) { left = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	command, err := parser.Parse(args)
	if left >= 0 {
		return left
	}
	if err != nil {
		return report(stderr, usage(err))
	}
	c.log = slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: c.LogLevel}))
	return report(stderr, command.Run(&c.globals))
}

// usage makes kong's error ours, with a hint.
func usage(err error) error {
	hint := "countersign --help lists the verbs."
	if wrong, ok := errors.AsType[*kong.ParseError](err); ok && wrong.Context != nil && wrong.Context.Command() != "" {
		hint = "countersign " + wrong.Context.Command() + " --help lists the flags."
	}
	return &failure{err: err, hint: hint, code: exitUsage}
}
