package supplier

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path"
	"strings"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
)

// Folder puts orders into suppliers' folders over SFTP. A file is written beside
// its place and then renamed, so that nobody reads half of it; one that lies
// there already, whole, is not put there a second time.
type Folder struct {
	// Secrets by supplier: the account's password.
	Secrets map[string]string
	// Key opens accounts that know it; nil: none.
	Key ssh.Signer
}

// ErrOtherServer: the server has another key than the one that was agreed.
var ErrOtherServer = errors.New("the server shows another key than the one that was agreed")

// Send puts one order into its supplier's folder. ErrRefused says that trying again is of no use.
func (f Folder) Send(ctx context.Context, m reorder.Mail) error {
	if err := f.deliver(ctx, m); err != nil {
		return fmt.Errorf("put order %s into supplier %s's folder: %w", m.Number, m.Supplier, err)
	}
	return nil
}

func (f Folder) deliver(ctx context.Context, m reorder.Mail) error {
	return f.within(ctx, m.Supplier, m.Channel, func(files *sftp.Client, folder string) error {
		file := m.File
		if m.Channel.Format == inventory.CXML {
			file = withSecret(file, f.Secrets[string(m.Supplier)])
		}
		return place(files, folder, m.FileName, file)
	})
}

// within opens a supplier's account, does some work in its folder and closes it again.
func (f Folder) within(ctx context.Context, supplier inventory.SupplierID, channel inventory.Channel, work func(files *sftp.Client, folder string) error) error {
	to, err := url.Parse(channel.URL)
	if err != nil {
		return errors.Join(ErrRefused, err)
	}
	address := to.Host
	if to.Port() == "" {
		address = net.JoinHostPort(to.Hostname(), "22")
	}
	line, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer line.Close()
	if until, limited := ctx.Deadline(); limited {
		if err := line.SetDeadline(until); err != nil {
			return err
		}
	}
	stop := context.AfterFunc(ctx, func() { _ = line.SetDeadline(time.Now()) })
	defer stop()
	connection, channels, requests, err := ssh.NewClientConn(line, address, f.asked(to.User.Username(), supplier, channel))
	if err != nil {
		if errors.Is(err, ErrOtherServer) || strings.Contains(err.Error(), "unable to authenticate") {
			return errors.Join(ErrRefused, err)
		}
		return err
	}
	client := ssh.NewClient(connection, channels, requests)
	defer client.Close()
	files, err := sftp.NewClient(client)
	if err != nil {
		return err
	}
	defer func() { // the line first: a server that does not hang up is not waited for
		_ = client.Close()
		_ = files.Close()
	}()
	return work(files, path.Join("/", to.Path))
}

// asked is how the account is opened.
func (f Folder) asked(user string, supplier inventory.SupplierID, channel inventory.Channel) *ssh.ClientConfig {
	c := &ssh.ClientConfig{User: user, Timeout: sendTime, HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
		if ssh.FingerprintSHA256(key) != channel.HostKey {
			return ErrOtherServer
		}
		return nil
	}}
	if f.Key != nil {
		c.Auth = append(c.Auth, ssh.PublicKeys(f.Key))
	}
	if secret := f.Secrets[string(supplier)]; secret != "" {
		c.Auth = append(c.Auth, ssh.Password(secret))
	}
	return c
}

// place writes a file beside its place and moves it there.
func place(files *sftp.Client, folder, name string, file []byte) error {
	whole, part := path.Join(folder, name), path.Join(folder, "."+name+".part")
	there, err := files.Stat(whole)
	switch {
	case err == nil && there.Size() == int64(len(file)):
		return nil // a try before this one put it there
	case err == nil:
		return errors.Join(ErrRefused, errors.New("another file of that name lies there"))
	case !errors.Is(err, os.ErrNotExist):
		return err
	}
	out, err := files.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		if errors.Is(err, os.ErrPermission) || errors.Is(err, os.ErrNotExist) {
			return errors.Join(ErrRefused, err)
		}
		return err
	}
	if _, err := io.Copy(out, bytes.NewReader(file)); err != nil {
		return errors.Join(err, out.Close())
	}
	if err := out.Close(); err != nil {
		return err
	}
	return files.Rename(part, whole)
}
