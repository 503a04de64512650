package simulate

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"golang.org/x/sync/errgroup"

	"wardwatch/tracking/hospital"
)

const (
	// dialTime is how long one gateway may take to reach the broker.
	dialTime = 10 * time.Second
	// partTime is what a gateway gets to say goodbye, in milliseconds.
	partTime = 50
	// dialAtOnce bounds how many gateways knock at the same time.
	dialAtOnce = 16
)

// ErrNotSent says that the broker did not take a message in time.
var ErrNotSent = errors.New("the broker did not take the message")

// Login is what a gateway proves itself with.
type Login struct{ User, Password string }

// Fleet is the gateways' own MQTT connections, one each. One goroutine uses it.
type Fleet struct {
	clients map[hospital.GatewayID]mqtt.Client

	mu    sync.Mutex
	wires map[hospital.GatewayID]net.Conn
}

// Dial connects every gateway to the broker at a host:port, each with its own
// login. ESPresense nodes leave a last will, as real ones do. Close the fleet when done.
func Dial(ctx context.Context, address string, gateways []hospital.Gateway, login func(hospital.GatewayID) Login) (*Fleet, error) {
	f := &Fleet{clients: make(map[hospital.GatewayID]mqtt.Client, len(gateways)), wires: map[hospital.GatewayID]net.Conn{}}
	dialling, _ := errgroup.WithContext(ctx)
	dialling.SetLimit(dialAtOnce)
	for _, g := range gateways {
		client := mqtt.NewClient(f.optionsOf(g, address, login(g.ID)))
		f.clients[g.ID] = client
		dialling.Go(func() error {
			token := client.Connect()
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-token.Done():
			}
			if err := token.Error(); err != nil {
				return fmt.Errorf("connect gateway %s: %w", g.ID, err)
			}
			return nil
		})
	}
	if err := dialling.Wait(); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func (f *Fleet) optionsOf(g hospital.Gateway, address string, login Login) *mqtt.ClientOptions {
	options := mqtt.NewClientOptions().AddBroker("tcp://" + address).SetClientID(string(g.ID)).
		SetUsername(login.User).SetPassword(login.Password).
		SetConnectTimeout(dialTime).SetCleanSession(true).SetKeepAlive(time.Minute).
		SetAutoReconnect(true).SetMaxReconnectInterval(2 * time.Second).
		SetCustomOpenConnectionFn(func(*url.URL, mqtt.ClientOptions) (net.Conn, error) {
			wire, err := net.DialTimeout("tcp", address, dialTime)
			if err == nil {
				f.mu.Lock()
				f.wires[g.ID] = wire
				f.mu.Unlock()
			}
			return wire, err
		})
	if g.Make == espresens {
		topic, will := espresenseStatus(string(g.ID), false)
		options.SetBinaryWill(topic, will, 0, true)
	}
	return options
}

// Send publishes the messages in order and returns when the broker has
// acknowledged those that ask for it, or ctx ends. A gateway that was cut says nothing.
func (f *Fleet) Send(ctx context.Context, messages []Message) error {
	var pending []mqtt.Token
	for _, m := range messages {
		client := f.clients[m.Gateway]
		if client == nil {
			continue
		}
		token := client.Publish(m.Topic, m.QoS, m.Retain, m.Payload)
		if m.QoS > 0 {
			pending = append(pending, token)
		}
	}
	for _, token := range pending {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ErrNotSent, ctx.Err())
		case <-token.Done():
			if err := token.Error(); err != nil {
				return fmt.Errorf("%w: %w", ErrNotSent, err)
			}
		}
	}
	return nil
}

// Cut pulls a gateway's plug: its connection ends without a goodbye, so that the
// broker speaks its last will. It does not come back.
func (f *Fleet) Cut(gateway hospital.GatewayID) {
	client := f.clients[gateway]
	if client == nil {
		return
	}
	delete(f.clients, gateway)
	f.mu.Lock()
	wire := f.wires[gateway]
	f.mu.Unlock()
	if wire != nil {
		_ = wire.Close()
	}
	client.Disconnect(0) // stops its attempts to come back; the wire is gone, so nothing is said
}

// Close says goodbye for every gateway.
func (f *Fleet) Close() {
	var parting errgroup.Group
	for _, client := range f.clients {
		parting.Go(func() error {
			client.Disconnect(partTime)
			return nil
		})
	}
	_ = parting.Wait()
}
