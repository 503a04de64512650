// Package mqtt is the broker inside the house: gateways publish to it as they would
// to any other, MQTT 3.1.1 or 5.
//
// The path of data: connection → token → the gateway's identity → PUBLISH → may
// this gateway speak on this topic → ingest.Intake → PUBACK. Messages are taken by
// the broker's own hook and never passed on to other clients: a subscriber that
// falls behind would lose what the broker has acknowledged. The library sees to
// all other packets; of most PUBLISHes it does not even hear (see stream).
//
// A reading's PUBACK (PUBREC for QoS 2) leaves after its commit, and the connection
// is not held up meanwhile: many messages of one gateway share a commit.
package mqtt

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/prometheus/client_golang/prometheus"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/ingest"
	"wardwatch/tracking/ingest/gateway"
)

// Limits of the broker.
const (
	// MaxConnections is how many gateways may be connected.
	MaxConnections = 10_000
	// MaxPacket is the longest packet; a longer one ends its connection. It is above
	// gateway.MaxBody, so that a body that is too long is refused alone.
	MaxPacket = 4 << 20
	// MaxUnacknowledged is how many messages of one connection may wait for their
	// commit before the connection is read no further.
	MaxUnacknowledged = 2_048
	// receiveMaximum is what MQTT 5 clients are told to keep to.
	receiveMaximum = 2_048
	// recheckPause is how often connected gateways' tokens are looked at again.
	recheckPause = 5 * time.Second
	// sessionSeconds is how long the session of a gateway that went away is kept.
	sessionSeconds = 3_600
)

// Takes takes messages; an *ingest.Intake does.
type Takes interface {
	// Take does not keep the message's body, which is written over when it has returned.
	Take(ctx context.Context, from hospital.GatewayID, m gateway.Message, done func(ingest.Receipt, error)) error
	// TurnAway notes a sender without a good token.
	TurnAway(source, name, remote, why string)
}

// Notes notes what the broker itself refuses; an *ingest.Book does.
type Notes interface {
	Refuse(ingest.Refusal)
	// Alive notes that a gateway is connected.
	Alive(gateway hospital.GatewayID, at time.Time)
	// Link notes that a gateway went on or off line.
	Link(id hospital.GatewayID, status gateway.Status)
	// Same says whether two names mean the same gateway of the hospital.
	Same(directory *hospital.Directory, a, b hospital.GatewayID) bool
}

// Parts is what a Broker is made of.
type Parts struct {
	Intake   Takes
	Tokens   ingest.Tokens
	Book     Notes
	Register *hospital.Register
	Now      func() time.Time
	Log      *slog.Logger
	Metrics  prometheus.Registerer
	// TLS is how gateways are spoken with at TLSAddress, beside the plain address; nil: nowhere.
	TLS        *tls.Config
	TLSAddress string
	// Certificates knows gateways by the client certificates that TLS has verified; nil: by tokens alone.
	Certificates Certificates
}

// Certificates says for which gateway a client certificate speaks, which one of our
// authorities has signed; hospital.ErrForbidden when for none, or not any more.
type Certificates interface {
	Check(ctx context.Context, leaf *x509.Certificate) (hospital.GatewayID, error)
}

// Broker is the embedded MQTT broker.
type Broker struct {
	server *mochi.Server
	tcp    *listeners.Net
	safe   *listeners.Net // over TLS; nil where there is none
	hook   *hook
	once   sync.Once
	closed error
}

// Listen opens the broker's address; Run serves it.
func Listen(address string, parts Parts) (*Broker, error) {
	server, h, err := newServer(parts)
	if err != nil {
		return nil, err
	}
	plain, err := newDoor(address, nil)
	if err != nil {
		return nil, fmt.Errorf("listen for gateways (choose another address with --mqtt): %w", err)
	}
	tcp := listeners.NewNet("gateways", plain)
	if err := server.AddListener(tcp); err != nil {
		return nil, fmt.Errorf("listen for gateways: %w", errors.Join(err, plain.Close()))
	}
	broker := &Broker{server: server, tcp: tcp, hook: h}
	if parts.TLS != nil {
		secure, err := newDoor(parts.TLSAddress, parts.TLS)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("listen for gateways over TLS (choose another address with --mqtt-tls): %w", err), broker.Close())
		}
		broker.safe = listeners.NewNet("gateways over TLS", secure)
		if err := server.AddListener(broker.safe); err != nil {
			return nil, errors.Join(fmt.Errorf("listen for gateways over TLS: %w", err), secure.Close(), broker.Close())
		}
	}
	return broker, nil
}

// newServer is the library's server with our hook, which listens nowhere yet.
func newServer(parts Parts) (*mochi.Server, *hook, error) {
	server := mochi.New(&mochi.Options{
		Capabilities:           capabilities(),
		Logger:                 slog.New(discreet{parts.Log.Handler()}),
		SysTopicResendInterval: int64((24 * time.Hour).Seconds()),
		// A wire has a buffer of its own, and gives the library no more than a packet at a time.
		ClientNetReadBufferSize: 256,
	})
	h := newHook(server, parts)
	if err := server.AddHook(h, nil); err != nil {
		return nil, nil, fmt.Errorf("prepare the broker: %w", err)
	}
	return server, h, nil
}

func capabilities() *mochi.Capabilities {
	c := mochi.NewDefaultServerCapabilities()
	c.MaximumClients = MaxConnections
	c.MaximumPacketSize = MaxPacket
	c.MaximumSessionExpiryInterval = sessionSeconds
	c.MaximumClientWritesPending = 64
	c.ReceiveMaximum = receiveMaximum
	c.MaximumInflight = receiveMaximum
	c.TopicAliasMaximum = 0
	c.SharedSubAvailable = 0
	c.Compatibilities.NoInheritedPropertiesOnAck = true
	return c
}

// Address is where the broker listens: "127.0.0.1:1883".
func (b *Broker) Address() string { return b.tcp.Address() }

// SafeAddress is where the broker listens over TLS; empty where it does not.
func (b *Broker) SafeAddress() string {
	if b.safe == nil {
		return ""
	}
	return b.safe.Address()
}

// Slowed lists who sent more than it may in the last ten minutes, and was read no faster.
func (b *Broker) Slowed() []Slowed { return b.hook.paces.slowed() }

// Run serves gateways until ctx ends. Messages that were taken but not yet
// acknowledged are written all the same; their senders send them again and they
// are recognised as duplicates.
func (b *Broker) Run(ctx context.Context) error {
	b.hook.serving(ctx)
	if err := b.server.Serve(); err != nil {
		return fmt.Errorf("serve gateways: %w", err)
	}
	tick := time.NewTicker(recheckPause)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			b.hook.recheck(ctx)
		case <-ctx.Done():
			return b.Close()
		}
	}
}

// Close stops listening and ends every connection. It may be called twice.
func (b *Broker) Close() error {
	b.once.Do(func() {
		b.hook.stop()
		if err := b.server.Close(); err != nil {
			b.closed = fmt.Errorf("close the broker: %w", err)
		}
		b.hook.dismiss()
	})
	return b.closed
}

// discreet is a log handler that leaves out packets, which hold tokens and what
// gateways say, and tells of connections' ordinary ends only when asked for details.
type discreet struct{ slog.Handler }

func (d discreet) Handle(ctx context.Context, r slog.Record) error {
	kept := slog.NewRecord(r.Time, min(r.Level, slog.LevelDebug), "broker: "+r.Message, r.PC)
	if !d.Handler.Enabled(ctx, kept.Level) {
		return nil
	}
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "pk", "packet", "will":
		default:
			kept.AddAttrs(a)
		}
		return true
	})
	return d.Handler.Handle(ctx, kept)
}

func (d discreet) WithAttrs(attrs []slog.Attr) slog.Handler {
	return discreet{d.Handler.WithAttrs(attrs)}
}
func (d discreet) WithGroup(name string) slog.Handler { return discreet{d.Handler.WithGroup(name)} }

// errToken says what an administrator reads of a connection that was turned away.
var errToken = errors.New("its token is not known here, or was revoked")

// errCertificate is errToken for a client certificate.
var errCertificate = errors.New("its certificate speaks for no gateway here, or was blocked")

// errClosing says that the house closes; whoever sends keeps the message.
var errClosing = errors.New("the broker is closing")
