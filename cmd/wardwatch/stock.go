package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"wardwatch/db"
	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/inventory/supplier"
	"wardwatch/tracking/hospital"
)

const (
	// reorderHour is the local hour of the nightly look at everything that is ordered for.
	reorderHour = 5
	// countHour is the local hour at which it is weighed anew what is to be counted when.
	countHour = 4
	// sendHour is the local hour at which draft orders go out.
	sendHour = 15
)

// wireStock connects the cold chain → holds, and movements → proposals → orders → suppliers.
func (h *house) wireStock(ctx context.Context) error {
	kept := db.Orders{DB: h.db}
	stock := &inventory.Stock{Signed: true, Store: db.Stock{DB: h.db}, Register: h.register}
	h.reorders = &reorder.Desk{Store: kept, Stock: stock, Register: h.register, Limits: reorder.Limits{Alone: h.config.ApproveAlone, Signed: h.config.SignOrders}, Now: h.now, Paper: supplier.PaperIn(h.says), Say: h.says, File: supplier.File, ChangeFile: supplier.ChangeFile, Answer: supplier.ReadAnswer, Log: h.log}
	follower := &inventory.Follower{Chain: db.Fridges{DB: h.db}, Stock: stock, Log: h.log}
	h.parts.Stock, h.parts.Desk = stock, h.reorders
	h.parts.Storeroom = &inventory.Storeroom{Stock: stock, Store: db.Storeroom{DB: h.db}, Now: h.now}

	if err := h.wireCabinets(ctx); err != nil {
		return err
	}
	excursions := h.wakeOn(func(topic string) bool { return strings.HasPrefix(topic, "fridge/") })
	movements := h.wakeOn(func(topic string) bool { return topic == "stock" })
	h.work = append(h.work,
		task{"holds", func(ctx context.Context) error { return follower.Run(ctx, excursions) }},
		task{"reorders", func(ctx context.Context) error { return h.reorders.Run(ctx, movements) }})
	h.wirePorter()
	ways, err := h.suppliersWays()
	if err != nil {
		return err
	}
	dispatcher := &supplier.Dispatcher{Outbox: kept, Now: h.now, Log: h.log, Sender: ways, Go: slices.Sorted(maps.Keys(ways))}
	outgoing := h.wakeOn(func(topic string) bool { return topic == "order-mail" })
	h.work = append(h.work, task{"orders to suppliers", func(ctx context.Context) error { return dispatcher.Run(ctx, outgoing) }})
	return nil
}

// suppliersWays are the ways on which orders leave: by mail where there is a mail
// server, and through suppliers' channels. In a demo nothing leaves.
func (h *house) suppliersWays() (supplier.Ways, error) {
	secrets := map[string]string{}
	for id, s := range h.config.SupplierSecrets {
		secrets[id] = s.reveal()
	}
	folder := supplier.Folder{Secrets: secrets}
	if h.config.SFTPKey != "" {
		pem, err := os.ReadFile(h.config.SFTPKey)
		if err != nil {
			return nil, fmt.Errorf("--sftp-key: %w", err)
		}
		if folder.Key, err = ssh.ParsePrivateKey(pem); err != nil {
			return nil, fmt.Errorf("--sftp-key %s is no private key: %w", h.config.SFTPKey, err)
		}
	}
	ways := supplier.Ways{}
	if h.config.demo == nil {
		h.answers = folder.Fetch
		ways[reorder.ByHTTPS], ways[reorder.BySFTP] = supplier.NewPoster(secrets), folder
	}
	if h.config.SMTP != "" {
		ways[reorder.ByMail] = supplier.Server{Address: h.config.SMTP, User: h.config.SMTPUser, Password: h.config.SMTPPassword.reveal(), From: h.config.MailFrom}
	}
	return ways, nil
}

// wakeOn is a channel that gets a token when a topic that matters has changed.
// One token is enough: whoever takes it looks at everything.
func (h *house) wakeOn(matters func(topic string) bool) <-chan struct{} {
	wake := make(chan struct{}, 1)
	h.listeners = append(h.listeners, func(topics []string) {
		if slices.ContainsFunc(topics, matters) {
			select {
			case wake <- struct{}{}:
			default: // a look is due already
			}
		}
	})
	return wake
}

func (h *house) proposeReorders(ctx context.Context, _ time.Time) error {
	if err := h.reorders.Nightly(ctx); err != nil {
		return err
	}
	return h.parts.Stock.KeepHealth(ctx)
}

func (h *house) sendOrders(ctx context.Context, _ time.Time) error { return h.reorders.SendDrafts(ctx) }

func (h *house) sendBeforeCutOffs(ctx context.Context, _ time.Time) error {
	return h.reorders.SendBeforeCutOffs(ctx)
}

// mindClocks minds what may be used only for a time after it was opened or thawed.
func (h *house) mindClocks(ctx context.Context, at time.Time) error {
	return h.parts.Stock.MindClocks(ctx, h.desk.Ladder, at)
}

func (h *house) planCounts(ctx context.Context, _ time.Time) error {
	return h.parts.Storeroom.PlanCounts(ctx)
}

// answersTime is how long one supplier's folder may take.
const answersTime = time.Minute

// fetchAnswers takes what suppliers have answered to orders and laid into their folders.
// One whose folder can't be reached does not keep back the others.
func (h *house) fetchAnswers(ctx context.Context, at time.Time) error {
	if h.answers == nil {
		return nil
	}
	suppliers, err := h.reorders.Store.Answering(ctx)
	for _, s := range suppliers {
		looking, cancel := context.WithTimeout(ctx, answersTime)
		_, failed := h.answers(looking, s, at, func(name string, file []byte) error {
			_, err := h.reorders.TakeReply(ctx, hospital.Job("supplier "+s.Name), s.ID, reorder.BySFTP, file)
			if err != nil {
				h.log.Warn("a supplier's answer was not taken", "supplier", s.ID, "file", name, "error", err)
			}
			return err
		})
		cancel()
		err = errors.Join(err, failed)
	}
	return err
}
