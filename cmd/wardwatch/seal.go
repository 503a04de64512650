package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"filippo.io/age"
)

// sealedSuffix ends the names of encrypted backups.
const sealedSuffix = ".age"

// maxKeyFile is how long a file of identities may be, in bytes.
const maxKeyFile = 64 << 10

// recipients reads whom backups are encrypted to: "age1…", several with commas.
func recipients(text string) ([]age.Recipient, error) {
	if text == "" {
		return nil, nil
	}
	all, err := age.ParseRecipients(strings.NewReader(strings.ReplaceAll(text, ",", "\n")))
	if err != nil {
		return nil, usageError{errors.New("a backup's recipient is a public key that begins with age1; wardwatch key new makes one")}
	}
	return all, nil
}

// identities reads the private keys that backups are decrypted with.
func identities(file string) ([]age.Identity, error) {
	text, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usageError{fmt.Errorf("there is no key file %s", file)}
	}
	if err != nil {
		return nil, err
	}
	defer text.Close()
	all, err := age.ParseIdentities(io.LimitReader(text, maxKeyFile))
	if err != nil {
		return nil, fmt.Errorf("%s holds no key that backups are decrypted with: %w", file, err)
	}
	return all, nil
}

// isSealed says whether a file is encrypted, by how it begins.
func isSealed(file string) (bool, error) {
	const lead = "age-encryption.org/"
	f, err := os.Open(file)
	if err != nil {
		return false, err
	}
	defer f.Close()
	start := make([]byte, len(lead))
	n, err := io.ReadFull(f, start)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return false, err
	}
	return string(start[:n]) == lead, nil
}

// seal encrypts a file into another, for its owner alone, and reads back what it
// wrote: a one-time key, which nobody keeps, is among the recipients for that.
func seal(ctx context.Context, plain, sealed string, to []age.Recipient) (err error) {
	once, err := age.GenerateX25519Identity()
	if err != nil {
		return err
	}
	sum, err := sealFor(ctx, plain, sealed+".part", append([]age.Recipient{once.Recipient()}, to...))
	if err != nil {
		return errors.Join(fmt.Errorf("encrypt %s: %w", plain, err), removed(sealed+".part"))
	}
	back := sha256.New()
	if err := unsealInto(ctx, back, sealed+".part", once); err != nil {
		return errors.Join(fmt.Errorf("read back %s: %w", sealed, err), removed(sealed+".part"))
	}
	if string(back.Sum(nil)) != string(sum) {
		return errors.Join(fmt.Errorf("%s does not hold what was written to it: look at the disk", sealed), removed(sealed+".part"))
	}
	return os.Rename(sealed+".part", sealed)
}

// stoppable is read until ctx ends, so that a long file can be stopped.
type stoppable struct {
	ctx  context.Context
	file io.Reader
}

func (s stoppable) Read(into []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.file.Read(into)
}

// removed removes a file that may not be there.
func removed(file string) error {
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// sealFor encrypts a file and answers with the SHA-256 of what it held.
func sealFor(ctx context.Context, plain, sealed string, to []age.Recipient) (sum []byte, err error) {
	from, err := os.Open(plain)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	file, err := os.OpenFile(sealed, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	into, err := age.Encrypt(file, to...)
	if err != nil {
		return nil, err
	}
	hash := sha256.New()
	if _, err := io.Copy(io.MultiWriter(into, hash), bufio.NewReader(stoppable{ctx, from})); err != nil {
		return nil, err
	}
	if err := into.Close(); err != nil {
		return nil, err
	}
	return hash.Sum(nil), file.Sync()
}

func unsealInto(ctx context.Context, to io.Writer, sealed string, with ...age.Identity) error {
	file, err := os.Open(sealed)
	if err != nil {
		return err
	}
	defer file.Close()
	plain, err := age.Decrypt(bufio.NewReader(stoppable{ctx, file}), with...)
	if _, wrongKey := errors.AsType[*age.NoIdentityMatchError](err); wrongKey {
		return fmt.Errorf("%s was encrypted to another key: give its own with --identity", sealed)
	}
	if err != nil {
		return fmt.Errorf("decrypt %s: %w", sealed, err)
	}
	if _, err := io.Copy(to, plain); err != nil {
		return fmt.Errorf("decrypt %s: %w", sealed, err)
	}
	return nil
}

// unseal decrypts a file into another, for its owner alone.
func unseal(ctx context.Context, sealed, plain, identityFile string) (err error) {
	if identityFile == "" {
		return usageError{fmt.Errorf("%s is encrypted: give the key file that decrypts it with --identity", sealed)}
	}
	with, err := identities(identityFile)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(plain, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return unsealInto(ctx, file, sealed, with...)
}

type keyCommand struct {
	New   newKeyCommand   `cmd:"" help:"Make a key that backups are encrypted to; keep its file where the server can't reach it."`
	Audit auditKeyCommand `cmd:"" help:"Print the public key that the audit trail's checkpoints are checked with."`
}

type newKeyCommand struct {
	File string `arg:"" type:"path" help:"Where the private key goes."`
}

// Run writes a new private key and prints its public half.
func (c newKeyCommand) Run(p process) error {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		return err
	}
	file, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already and is not written over: a backup may need it", c.File)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(file, "# public key: %s\n%s\n", key.Recipient(), key)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "%s\n", key.Recipient())
	return err
}
