package mqtt

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/prometheus/client_golang/prometheus"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/ingest"
	"wardwatch/tracking/ingest/gateway"
)

// hook is where the broker's library asks us.
type hook struct {
	mochi.HookBase
	Parts
	server *mochi.Server

	ctx  context.Context // ends when the broker stops taking messages
	stop context.CancelFunc

	mu       sync.Mutex
	sessions map[*mochi.Client]*session
	writers  sync.WaitGroup // of the sessions

	bodies      sync.Pool // of *[]byte: room for the payloads that wires take
	turns       turns     // of those that take long ones
	paces       *paces
	connections prometheus.Gauge
	slowed      prometheus.Counter
	refused     *prometheus.CounterVec
}

func newHook(server *mochi.Server, parts Parts) *hook {
	h := &hook{Parts: parts, server: server, sessions: map[*mochi.Client]*session{}, turns: make(turns, mostAtOnce),
		slowed: prometheus.NewCounter(prometheus.CounterOpts{Name: "wardwatch_mqtt_slowed_total",
			Help: "Messages that waited because their sender sends more than it may."}),
		connections: prometheus.NewGauge(prometheus.GaugeOpts{Name: "wardwatch_mqtt_connections",
			Help: "Gateways connected to the broker."}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "wardwatch_mqtt_refused_total",
			Help: "What the broker itself refused: connections, and packets that were too long."}, []string{"what"}),
	}
	h.paces = newPaces(h.slowed.Inc)
	h.ctx, h.stop = context.WithCancel(context.Background())
	if parts.Metrics != nil {
		parts.Metrics.MustRegister(h.connections, h.refused, h.slowed)
	}
	return h
}

// serving makes the broker stop taking messages when ctx ends.
func (h *hook) serving(ctx context.Context) { context.AfterFunc(ctx, h.stop) }

// ID names the hook to the library.
func (h *hook) ID() string { return "wardwatch" }

// Provides says which questions the hook answers.
func (h *hook) Provides(question byte) bool {
	return bytes.IndexByte([]byte{mochi.OnConnectAuthenticate, mochi.OnSessionEstablished, mochi.OnACLCheck, mochi.OnDisconnect,
		mochi.OnPublish, mochi.OnWill, mochi.OnWillSent}, question) >= 0
}

// OnConnectAuthenticate lets a gateway in that names itself, as user name or else as
// client id, and brings its token as password.
func (h *hook) OnConnectAuthenticate(cl *mochi.Client, pk packets.Packet) bool {
	claimed := string(pk.Connect.Username)
	if claimed == "" {
		claimed = cl.ID
	}
	shown := papers{token: string(pk.Connect.Password), certificate: shownBy(cl.Net.Conn)}
	from, err := h.identify(claimed, shown)
	if err == nil {
		err = h.heldByAnother(cl.ID, from)
	}
	if err != nil {
		h.turnAway(cl, claimed, err)
		return false
	}
	s := newSession(h.server, cl, from, shown, h.writers.Go)
	s.pace = h.paces.of(from, claimed, shown)
	h.mu.Lock()
	if h.ctx.Err() != nil { // nobody would wait for its writers any more
		h.mu.Unlock()
		return false
	}
	h.sessions[cl] = s
	h.mu.Unlock()
	h.connections.Inc()
	if from != "" {
		h.Book.Alive(from, h.Now())
	}
	return true
}

// OnSessionEstablished lets the wire take what is published from now on.
func (h *hook) OnSessionEstablished(cl *mochi.Client, _ packets.Packet) {
	if w, ok := cl.Net.Conn.(*wire); ok {
		w.hook, w.session = h, h.session(cl)
	}
}

// papers are what a gateway shows of itself.
type papers struct {
	token       string
	certificate *x509.Certificate // verified by TLS; nil when it shows none
}

// shownBy is the client certificate of a connection; nil when it has none.
func shownBy(conn net.Conn) *x509.Certificate {
	w, ok := conn.(*wire)
	if !ok {
		return nil
	}
	over, ok := w.Conn.(*tls.Conn)
	if !ok {
		return nil
	}
	if chains := over.ConnectionState().VerifiedChains; len(chains) > 0 {
		return chains[0][0]
	}
	return nil
}

// identify says for whom the papers speak, and insists that the claimed name is its owner's.
func (h *hook) identify(claimed string, shown papers) (hospital.GatewayID, error) {
	from, err := h.check(h.ctx, shown)
	if err != nil {
		return "", err
	}
	name := hospital.GatewayID(gateway.Identity(claimed))
	if from != "" && !h.Book.Same(h.Register.Current(), name, from) {
		return "", fmt.Errorf("it calls itself %s but brought the token of gateway %s", claimed, from)
	}
	return from, nil
}

// check says for which gateway the papers speak. Who shows both must be one and the same.
func (h *hook) check(ctx context.Context, shown papers) (from hospital.GatewayID, err error) {
	if shown.certificate != nil && h.Certificates != nil {
		if from, err = h.Certificates.Check(ctx, shown.certificate); err != nil || shown.token == "" {
			return from, plainly(err, errCertificate)
		}
	}
	if shown.token == "" {
		return "", errors.New("it brought no token as its password")
	}
	named, err := h.Tokens.Check(ctx, shown.token)
	if err == nil && from != "" && named != from {
		return "", fmt.Errorf("its certificate speaks for gateway %s, its token for another", from)
	}
	return named, plainly(err, errToken)
}

// plainly is what an administrator reads of papers that are not good.
func plainly(err, refusal error) error {
	if errors.Is(err, hospital.ErrForbidden) {
		return refusal
	}
	return err
}

// heldByAnother keeps a gateway from taking over another's session by its client id.
func (h *hook) heldByAnother(client string, from hospital.GatewayID) error {
	existing, ok := h.server.Clients.Get(client)
	if !ok {
		return nil
	}
	if s := h.session(existing); s != nil && s.from != from {
		return fmt.Errorf("its client id %s is in use by gateway %s", client, s.from)
	}
	return nil
}

// turnAway notes whom the broker did not let in; nobody is ever dropped silently.
func (h *hook) turnAway(cl *mochi.Client, claimed string, err error) {
	h.refused.WithLabelValues("connection").Inc()
	if !errors.Is(err, errToken) && !errors.Is(err, errCertificate) && h.ctx.Err() == nil {
		h.Parts.Log.Warn("a gateway was turned away", "gateway", claimed, "remote", cl.Net.Remote, "error", err)
	}
	h.Intake.TurnAway("mqtt", claimed, host(cl.Net.Remote), err.Error())
}

func host(remote string) string {
	if i := strings.LastIndexByte(remote, ':'); i > 0 {
		return remote[:i]
	}
	return remote
}

// recheck ends the connections whose token was revoked since they were let in, and
// notes that the others are there.
func (h *hook) recheck(ctx context.Context) {
	h.mu.Lock()
	all := slices.Collect(maps.Values(h.sessions))
	h.mu.Unlock()
	for _, s := range all {
		from, err := h.check(ctx, s.shown)
		if errors.Is(err, errToken) || errors.Is(err, errCertificate) || err == nil && from != s.from {
			h.turnAway(s.client, string(s.from), cmp.Or(err, errToken))
			s.disconnect(packets.ErrNotAuthorized)
			continue
		}
		if s.from != "" {
			h.Book.Alive(s.from, h.Now())
		}
	}
}

// dismiss ends the sessions that are left and waits for their writers.
func (h *hook) dismiss() {
	h.mu.Lock()
	for _, s := range h.sessions {
		s.close()
	}
	h.mu.Unlock()
	h.writers.Wait()
}

func (h *hook) session(cl *mochi.Client) *session {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.sessions[cl]
}

// OnACLCheck lets a gateway subscribe to topics that name it, where nothing is ever
// sent. What it publishes is taken or refused by the intake, which knows topic and
// body: the library would end the connection of a gateway that names another, and it
// would come back and do the same for ever.
func (h *hook) OnACLCheck(cl *mochi.Client, topic string, write bool) bool {
	s := h.session(cl)
	if s == nil || strings.HasPrefix(topic, "$") {
		return false
	}
	if write {
		return true
	}
	named, names := gateway.FromTopic(topic)
	return names && h.mayName(s, named)
}

func (h *hook) mayName(s *session, named hospital.GatewayID) bool {
	return s.from == "" || h.Book.Same(h.Register.Current(), named, s.from)
}

// OnPublish takes a message that the library has read. It is told to do nothing more
// with it: it is acknowledged by us, and goes to no subscriber.
func (h *hook) OnPublish(cl *mochi.Client, pk packets.Packet) (packets.Packet, error) {
	if s := h.session(cl); s != nil {
		h.take(s, acknowledgement{id: pk.PacketID, qos: pk.FixedHeader.Qos}, pk.TopicName, pk.Payload)
	}
	return pk, packets.ErrRejectPacket
}

// take takes a message, whoever has read it, when its sender may send one more; and
// has it acknowledged. It does not keep the body.
func (h *hook) take(s *session, ack acknowledgement, topic string, body []byte) {
	if h.admit(s, len(body)) {
		h.takeIn(s, ack, topic, body)
	}
}

// admit waits until its sender may send one more message of this size; false when the
// connection ended meanwhile: it is not acknowledged, and will be sent again.
func (h *hook) admit(s *session, size int) bool {
	return h.paces.take(h.ctx, s.closed, s.pace, size) && s.wait(h.ctx) == nil
}

// takeIn takes a message that was admitted.
func (h *hook) takeIn(s *session, ack acknowledgement, topic string, body []byte) {
	err := h.Intake.Take(h.ctx, s.from, h.message(topic, body), func(_ ingest.Receipt, err error) {
		if err != nil {
			h.Parts.Log.Error("readings were not written; their sender will send them again", "gateway", s.from, "error", err)
		}
		s.acknowledge(ack.of(err))
	})
	switch {
	case err == nil:
	case errors.Is(err, ingest.ErrBusy):
		s.acknowledge(ack.of(err))
	default:
		// It would be refused each time: acknowledged, so that it is not sent for ever.
		ack.reason = reasonFor(err).Code
		s.acknowledge(ack)
	}
}

func (h *hook) message(topic string, body []byte) gateway.Message {
	return gateway.Message{Topic: topic, Body: body, ReceivedAt: h.Now(), Source: "mqtt"}
}

func reasonFor(err error) packets.Code {
	if errors.Is(err, ingest.ErrForeign) {
		return packets.ErrNotAuthorized
	}
	return packets.ErrPayloadFormatInvalid
}

// OnWill keeps last wills from being stored as retained messages.
func (h *hook) OnWill(_ *mochi.Client, will mochi.Will) (mochi.Will, error) {
	will.Retain = false
	return will, nil
}

// OnWillSent takes what a gateway left to be said when it goes: that it is off line.
func (h *hook) OnWillSent(cl *mochi.Client, pk packets.Packet) {
	s := h.session(cl)
	if s == nil || !h.OnACLCheck(cl, pk.TopicName, true) {
		return
	}
	if err := h.Intake.Take(h.ctx, s.from, h.message(pk.TopicName, pk.Payload), func(ingest.Receipt, error) {}); err != nil {
		h.Parts.Log.Debug("a last will was not taken", "gateway", s.from, "error", err)
	}
}

// OnDisconnect forgets the connection.
func (h *hook) OnDisconnect(cl *mochi.Client, err error, _ bool) {
	h.mu.Lock()
	s := h.sessions[cl]
	if s != nil {
		s.close() // before it is forgotten: dismiss waits for no writer that begins later
	}
	delete(h.sessions, cl)
	h.mu.Unlock()
	if s == nil {
		return
	}
	h.connections.Dec()
	if s.from != "" && !cl.IsTakenOver() && h.ctx.Err() == nil {
		h.Book.Link(s.from, gateway.Offline)
	}
	if errors.Is(err, packets.ErrPacketTooLarge) {
		h.refused.WithLabelValues("packet").Inc()
		h.Book.Refuse(ingest.Refusal{At: h.Now(), Gateway: s.from, Source: "mqtt", Records: 1,
			Reason: fmt.Sprintf("a packet longer than %d MiB ended the connection", MaxPacket>>20)})
	}
}
