package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"wardwatch/db"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
	"wardwatch/tracking/notify/email"
	"wardwatch/tracking/notify/sms"
	"wardwatch/tracking/notify/webhook"
	"wardwatch/views/words"
	"wardwatch/web"
)

// wireColdChain connects readings → monitor → alarms → notices → people.
func (h *house) wireColdChain(context.Context) error {
	ladder, ways, err := h.ways()
	if err != nil {
		return err
	}
	kept := db.Alarms{DB: h.db}
	h.monitor = coldchain.NewMonitor(db.Fridges{DB: h.db}, ladder, h.register)
	h.desk = &notify.Desk{Store: kept, Ladder: ladder, Phones: kept, Now: h.now}
	h.parts.ColdChain, h.parts.Alarms = h.monitor, h.desk
	h.parts.Around = h.around

	wake := make(chan struct{}, 1)
	h.listeners = append(h.listeners, func(topics []string) {
		if slices.Contains(topics, notify.Topic) {
			select {
			case wake <- struct{}{}:
			default: // the dispatcher will look already
			}
		}
	})
	dispatcher := &notify.Dispatcher{Outbox: kept, Ways: ways, Now: h.now, Log: h.log, URL: h.config.PublicURL, Wake: wake,
		Zone: func() *time.Location { return h.register.Current().Site.Location() }, Say: h.says}
	h.work = append(h.work, task{"notices", dispatcher.Run})
	h.wireHeartbeat()
	return nil
}

// says words what leaves the house, messages and orders, in the site's language and degrees.
func (h *house) says(text string) string {
	site := h.register.Current().Site
	return words.Reader{Language: words.Language(site.Language), Fahrenheit: site.Fahrenheit}.Say(text)
}

// ways are how people are reached: as many as the settings name, and the inbox always.
func (h *house) ways() (notify.Ladder, map[notify.Way]notify.Sender, error) {
	ladder, ways := notify.DefaultLadder(), map[notify.Way]notify.Sender{}
	ladder.Rota = true
	if h.config.SMTP != "" {
		ladder.Ways = append(ladder.Ways, notify.Email)
		ways[notify.Email] = email.Server{Address: h.config.SMTP, User: h.config.SMTPUser,
			Password: h.config.SMTPPassword.reveal(), From: h.config.MailFrom}
	}
	if h.config.WebhookURL != "" {
		ladder.Ways, ladder.Webhook = append(ladder.Ways, notify.Webhook), h.config.WebhookURL
		ways[notify.Webhook] = webhook.Poster{Secret: h.config.WebhookSecret.reveal(), Now: h.now}
	}
	if h.config.SMSURL != "" {
		if err := h.textMessages(&ladder, ways); err != nil {
			return ladder, ways, err
		}
	}
	return ladder, ways, nil
}

// textMessages adds the way by telephone.
func (h *house) textMessages(ladder *notify.Ladder, ways map[notify.Way]notify.Sender) error {
	c := h.config
	settings := sms.Settings{URL: c.SMSURL, Method: c.SMSMethod, Body: c.SMSBody.reveal(), ContentType: c.SMSContentType, Success: c.SMSSuccess}
	for _, header := range c.SMSHeaders {
		settings.Headers = append(settings.Headers, header.reveal())
	}
	for _, said := range c.SMSTo {
		number, ok := notify.PhoneNumber(said)
		if !ok {
			return fmt.Errorf("--sms-to %s is no telephone number; write it with its country, such as +491701234567", said)
		}
		ladder.Numbers = append(ladder.Numbers, number)
	}
	sender, err := sms.New(settings)
	if err != nil {
		return fmt.Errorf("%w: see --sms-url and what begins with --sms", err)
	}
	ladder.Ways, ways[notify.SMS] = append(ladder.Ways, notify.SMS), sender
	return nil
}

// around is what stands on every page.
func (h *house) around(ctx context.Context, by hospital.Actor) (web.Around, error) {
	if !by.May(hospital.SeeColdChain) {
		return web.Around{}, nil
	}
	standing, err := h.desk.Standing(ctx)
	if err != nil {
		return web.Around{}, err
	}
	around := web.AroundAlarms(standing, h.now())
	if by.May(hospital.ApproveOrders) {
		around.Proposals, err = h.reorders.Store.CountOpen(ctx, h.reorders.Stock.Today(h.now()))
	}
	return around, err
}

// checkSilence goes by the server's clock. Open pages are told too, because
// readings grow stale and acknowledgements run out without anything being written.
func (h *house) checkSilence(ctx context.Context, _ time.Time) error {
	h.announce([]string{coldchain.Topic, notify.Topic})
	return h.monitor.CheckSilence(ctx)
}
