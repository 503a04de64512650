// Command wardwatch is the program: the server, the made-up hospital to try it
// with, and the tools beside them.
//
// main parses the command line and hands over to one command, each in its own
// file. wire.go shows who is connected to whom, jobs.go what happens by the
// clock, config.go what can be set.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// Exit codes: the work was done, it found a fault, or it was asked for wrongly.
const (
	exitDone  = 0
	exitFault = 1
	exitUsage = 2
)

// program is the command line. Every flag --some-flag can also be set as WARDWATCH_SOME_FLAG.
type program struct {
	Serve       serveCommand      `cmd:"" help:"Run the server."`
	Demo        demoCommand       `cmd:"" help:"Show a made-up hospital, live: no account, no service, no network."`
	Import      importCommand     `cmd:"" help:"Take in a hospital, or parts of one."`
	Decode      decodeCommand     `cmd:"" help:"Show what a device's message, a tag or a barcode says."`
	Export      exportCommand     `cmd:"" help:"Write out what is stored."`
	Plan        planCommand       `cmd:"" help:"Plan reorders over a history of use, and try the plan on it."`
	User        userCommand       `cmd:"" help:"People's accounts."`
	Token       tokenCommand      `cmd:"" help:"Tokens of gateways and programs."`
	AcceptClock clockCommand      `cmd:"" help:"Say that the server's clock is right, after it went backwards: signing goes on."`
	Backup      backupCommand     `cmd:"" help:"Copy the database to a file, consistently, while the server runs."`
	Restore     restoreCommand    `cmd:"" help:"Check a backup and put it in the database's place."`
	Key         keyCommand        `cmd:"" help:"Keys of backups and of the audit trail."`
	Verify      verifyCommand     `cmd:"" help:"Check all that is stored: the file, its guards, the audit trail, the stock's ledger."`
	Excursions  excursionsCommand `cmd:"" help:"Judge recordings of temperature loggers: days, gaps and excursions as JSON."`
	Locate      locateCommand     `cmd:"" help:"Replay a recording of what gateways heard: which room each tag was in, second by second."`
	Bench       benchCommand      `cmd:"" help:"Measure this program on this machine, and compare two runs."`
	SBOM        sbomCommand       `cmd:"" name:"sbom" help:"List what this program is made of, as CycloneDX."`
	Version     versionCommand    `cmd:"" help:"Print the version."`
}

// process is what a command may touch of the outside.
type process struct {
	ctx    context.Context
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
}

// usageError is a command line that asks for something that can't be.
type usageError struct{ error }

func (u usageError) Unwrap() error { return u.error }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(process{ctx: ctx, stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr}, os.Args[1:], os.Environ())
	stop()
	os.Exit(code)
}

// run carries out one command line and returns the exit code. An error is one sentence on standard error.
func run(p process, args, environ []string) int {
	err := execute(p, args, environ)
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errHelp):
		return exitDone
	}
	fmt.Fprintln(p.stderr, "wardwatch:", err)
	if _, wrong := errors.AsType[usageError](err); wrong {
		return exitUsage
	}
	return exitFault
}

// errHelp says that --help was printed and nothing else is to be done.
var errHelp = errors.New("help was printed")

func execute(p process, args, environ []string) (err error) {
	parser, err := newParser(p)
	if err != nil {
		return err
	}
	if err := refuseUnknownSettings(parser.Model, environ); err != nil {
		return usageError{err}
	}
	defer func() {
		if recover := recover(); recover != nil {
			if recover != errHelp {
				panic(recover)
			}
			err = errHelp
		}
	}()
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	if err != nil {
		return usageError{fmt.Errorf("%w; see wardwatch --help", err)}
	}
	return command.Run(p)
}

func newParser(p process) (*kong.Kong, error) {
	return kong.New(&program{},
		kong.Name("wardwatch"),
		kong.Description("Finds hospital equipment, watches vaccine fridges, orders supplies before they run out."),
		kong.DefaultEnvars(envPrefix),
		kong.Writers(p.stdout, p.stderr),
		kong.Exit(func(int) { panic(errHelp) }), // kong exits in --help only; the recover is in execute
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
}

const envPrefix = "WARDWATCH"

// refuseUnknownSettings finds a misspelt environment variable before it silently does nothing.
func refuseUnknownSettings(model *kong.Application, environ []string) error {
	known := settingsOf(model.Node)
	for _, setting := range environ {
		name, _, _ := strings.Cut(setting, "=")
		if strings.HasPrefix(name, envPrefix+"_") && !slices.Contains(known, name) {
			return fmt.Errorf("the environment sets %s, which is not a setting of Wardwatch; unset it or correct its name", name)
		}
	}
	return nil
}

func settingsOf(node *kong.Node) []string {
	var names []string
	for _, flag := range node.Flags {
		names = append(names, flag.Envs...)
	}
	for _, child := range node.Children {
		names = append(names, settingsOf(child)...)
	}
	return names
}

// newLog is the server's log: one event a line.
func newLog(to io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(to, &slog.HandlerOptions{Level: level}))
}
