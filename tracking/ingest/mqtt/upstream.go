package mqtt

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/ingest"
	"wardwatch/tracking/ingest/gateway"
)

const (
	// upstreamRetry is the longest pause before the hospital's broker is tried again.
	upstreamRetry = 30 * time.Second
	// upstreamPatience is how long a connection or subscription may take.
	upstreamPatience = 10 * time.Second
)

// Upstream takes messages from the hospital's own broker, as one of its clients. Who
// may publish there is that broker's care: a message is believed about its gateway.
// It is acknowledged to the broker once its readings are durable.
type Upstream struct {
	// URL is "tcp://user:password@host:1883" or "ssl://…".
	URL string
	// ClientID names our session there, in which the broker keeps what we miss.
	ClientID string
	// Topics are what is subscribed to.
	Topics []string
	Intake Takes
	Now    func() time.Time
	Log    *slog.Logger
}

// UpstreamTopics are the topics that makers publish to unless told otherwise.
func UpstreamTopics() []string {
	return []string{"wardwatch/v1/#", "espresense/devices/#", "espresense/rooms/+/status", "ruuvi/#", "gw/#", "/gw/#", "home/+/BTtoMQTT/#",
		"home/+/LWT", "tele/+/SENSOR", "tele/+/LWT", "stat/+/STATUS8", "zigbee2mqtt/+", "+/events/rpc", "spBv1.0/#", "application/+/device/+/event/up", "v3/+/devices/+/up"}
}

// Run listens to the broker until ctx ends, and connects again whenever it must.
func (u Upstream) Run(ctx context.Context) error {
	address, err := url.Parse(u.URL)
	if err != nil || address.Host == "" {
		return errors.New("the address of the hospital's broker is no URL; write tcp://HOST:1883")
	}
	lost := make(chan error, 1)
	client := paho.NewClient(u.options(ctx, lost))
	for pause := time.Second; ; pause = min(2*pause, upstreamRetry) {
		err := await(ctx, client.Connect())
		if err == nil {
			err = u.subscribe(ctx, client)
		}
		if err == nil {
			u.Log.Info("listening to the hospital's broker", "broker", address.Host)
			pause = time.Second
			select {
			case err = <-lost:
			case <-ctx.Done():
			}
			client.Disconnect(100)
		}
		if ctx.Err() != nil {
			return nil
		}
		u.Log.Warn("no connection to the hospital's broker; trying again", "broker", address.Host, "error", err)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil
		}
	}
}

func (u Upstream) options(ctx context.Context, lost chan error) *paho.ClientOptions {
	tell := func(err error) {
		select {
		case lost <- err:
		default: // it is known already
		}
	}
	return paho.NewClientOptions().AddBroker(u.URL).SetClientID(u.ClientID).SetCleanSession(false).
		SetAutoReconnect(false).SetConnectTimeout(upstreamPatience).SetAutoAckDisabled(true).
		SetDefaultPublishHandler(func(_ paho.Client, m paho.Message) { u.take(ctx, m, tell) }).
		SetConnectionLostHandler(func(_ paho.Client, err error) { tell(err) })
}

// subscribe asks for the topics; what the broker kept for our session comes meanwhile.
func (u Upstream) subscribe(ctx context.Context, client paho.Client) error {
	filters := map[string]byte{}
	for _, topic := range u.Topics {
		filters[topic] = 1
	}
	if err := await(ctx, client.SubscribeMultiple(filters, nil)); err != nil {
		client.Disconnect(0)
		return fmt.Errorf("subscribe: %w", err)
	}
	return nil
}

// take hands a message over. What can't be read is acknowledged, so that it does not
// come back; what could not be written ends the connection, so that it does.
func (u Upstream) take(ctx context.Context, m paho.Message, lost func(error)) {
	message := gateway.Message{Topic: m.Topic(), Body: m.Payload(), ReceivedAt: u.Now(), Source: "mqtt"}
	var anybody hospital.GatewayID
	err := u.Intake.Take(ctx, anybody, message, func(_ ingest.Receipt, err error) {
		if err != nil {
			lost(err)
			return
		}
		m.Ack()
	})
	switch {
	case errors.Is(err, ingest.ErrBusy):
		lost(err)
	case err != nil:
		m.Ack()
	}
}

// await waits for an answer of the broker.
func await(ctx context.Context, answer paho.Token) error {
	select {
	case <-answer.Done():
		return answer.Error()
	case <-time.After(upstreamPatience):
		return errors.New("no answer in time")
	case <-ctx.Done():
		return ctx.Err()
	}
}
