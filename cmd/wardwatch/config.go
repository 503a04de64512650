package main

import (
	"log/slog"
	"time"

	"wardwatch/web"
)

// config is all that can be set of a running house. The defaults work for one hospital.
type config struct {
	HTTP         string            `name:"http" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Address of the pages and of POST /ingest; port 0 takes a free one."`
	MQTT         string            `name:"mqtt" default:"127.0.0.1:1883" placeholder:"HOST:PORT" help:"Address of the MQTT broker that gateways publish to; port 0 takes a free one."`
	Readers      map[string]string `name:"reader" placeholder:"ID=HOST:PORT" help:"RFID readers to connect to by LLRP, each as the gateway that it is; repeat it, or join with semicolons."`
	Modbus       map[string]string `name:"modbus" placeholder:"SENSOR=HOST:PORT/UNIT" help:"Temperature probes to ask over Modbus TCP, each as the sensor that it is; ?register=1&scale=0.1&every=1m&framing=rtu after it says what differs from an XY-MD02. Repeat it, or join with semicolons."`
	MQTTUpstream secret            `name:"mqtt-upstream" placeholder:"URL" help:"The hospital's own broker to take messages from as well: tcp://USER:PASSWORD@HOST:1883. Whoever may publish there is believed."`

	DB string `name:"db" default:"sqlite:wardwatch.db" placeholder:"sqlite:PATH" help:"Where everything is kept."`
	// HeartbeatURL may hold a key.
	HeartbeatURL secret `name:"heartbeat-url" placeholder:"URL" help:"Address that is asked once a minute while all is well: a watchdog outside that calls somebody when it is asked no more."`

	LogLevel slog.Level `default:"info" help:"Least level that is logged: debug, info, warn or error."`

	TLSCert       string   `name:"tls-cert" type:"path" placeholder:"FILE" help:"Certificate, with those between it and its authority, in PEM form: pages come over https. A changed file is taken in without a restart."`
	TLSKey        string   `name:"tls-key" type:"path" placeholder:"FILE" help:"The certificate's private key."`
	TLSSelfSigned bool     `name:"tls-self-signed" help:"Make a certificate that nobody vouches for, to try https out."`
	MQTTTLS       string   `name:"mqtt-tls" placeholder:"HOST:PORT" help:"Address where gateways speak MQTT over TLS, beside --mqtt."`
	ClientCA      string   `name:"client-ca" type:"path" placeholder:"FILE" help:"Authorities whose client certificates let gateways in without a token, in PEM form; the certificate's common name is the gateway's."`
	HTTPRedirect  string   `name:"http-redirect" placeholder:"HOST:PORT" help:"A plain address that leads browsers to the https one."`
	TrustedProxy  []string `name:"trusted-proxy" placeholder:"ADDRESS|NETWORK" help:"Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, such as 10.0.0.5 or 10.0.0.0/24; nobody else's are."`

	PublicURL       string `name:"public-url" placeholder:"URL" help:"Address that people reach the pages at, for links in messages."`
	BackupTo        string `name:"backup-to" placeholder:"FOLDER" help:"Where a copy of the database goes once a day; the last ones are kept (--backup-keep). None: no daily copy."`
	BackupKeep      int    `name:"backup-keep" default:"14" help:"How many daily copies stay."`
	BackupRecipient string `name:"backup-recipient" placeholder:"AGE1…" help:"Public key that copies are encrypted to, so that the server itself can't read them; wardwatch key new makes one. Several with commas."`
	BackupIdentity  string `name:"backup-identity" type:"path" placeholder:"FILE" help:"Private key for the daily restore drill of encrypted copies. Without it an encrypted copy is read back as it is written, by a key that is thrown away."`
	KeepDays        int    `name:"keep-days" default:"1100" help:"How long notices of closed alarms and the like are kept; at least 366, and 0 for ever. Records (audit trail, readings, ledger, signatures) are never deleted, nor what is about held lots."`
	AuditKey        string `name:"audit-key" type:"path" placeholder:"FILE" help:"Key that the audit trail's checkpoints are signed with; made when it is not there. Else it lies beside the database."`
	Syslog          string `name:"syslog" placeholder:"URL" help:"Where each line of the audit trail goes as well, as RFC 5424 has it: tls://HOST:6514, tcp://HOST:601 or udp://HOST:514."`
	SyslogCA        string `name:"syslog-ca" type:"path" placeholder:"FILE" help:"Authorities that may vouch for the syslog server, in PEM form; else the system's."`
	SMTP            string `name:"smtp" placeholder:"HOST:PORT" help:"Mail server for notices and purchase orders; none: they wait in the inbox."`
	SMTPUser        string `name:"smtp-user" help:"Account on the mail server."`
	SMTPPassword    secret `name:"smtp-password" help:"Password on the mail server."`
	MailFrom        string `name:"mail-from" default:"wardwatch@localhost" help:"Sender of Wardwatch's mail."`

	SupplierSecrets map[string]secret `name:"supplier-secret" placeholder:"ID=SECRET" help:"What a supplier's channel asks for: bearer token, cXML shared secret or SFTP password. Repeat it, or join with semicolons."`
	SFTPKey         string            `name:"sftp-key" type:"path" placeholder:"FILE" help:"Private key that opens suppliers' SFTP accounts, in OpenSSH or PEM form."`

	WebhookURL    string `name:"webhook-url" placeholder:"URL" help:"Address that every notice of an alarm is posted to: a pager gateway, a chat, an SMS bridge."`
	WebhookSecret secret `name:"webhook-secret" help:"Signs what is posted to the webhook."`

	SMSURL         string   `name:"sms-url" placeholder:"URL" help:"Where text messages are handed to: a provider or a modem gateway, with {to}, {text} and {id} where they belong in address or body."`
	SMSMethod      string   `name:"sms-method" default:"POST" help:"POST or GET."`
	SMSHeaders     []secret `name:"sms-header" sep:"none" placeholder:"NAME: VALUE" help:"Header of such a request; repeat it."`
	SMSBody        secret   `name:"sms-body" placeholder:"TEXT" help:"Body of such a request."`
	SMSContentType string   `name:"sms-content-type" default:"application/json" help:"How the body is written: application/json, application/x-www-form-urlencoded or text/plain."`
	SMSSuccess     string   `name:"sms-success" placeholder:"TEXT" help:"What the answer holds when a message was taken; none: any answer of 2xx."`
	SMSTo          []string `name:"sms-to" placeholder:"NUMBER" help:"Telephones that every alarm is sent to, beside people's own numbers."`
	ApproveAlone   int64    `name:"approve-alone" default:"500000" help:"The most that one person may approve of an order alone, in cents; above it a second one has to."`
	SignOrders     bool     `name:"sign-orders" help:"Whoever approves an order signs it with her password, in the sense of 21 CFR Part 11."`

	OIDCIssuer       string            `name:"oidc-issuer" placeholder:"URL" help:"Identity provider to sign in with, by OpenID Connect; it sends people back to PUBLIC-URL/sign-in/sso/back."`
	OIDCClientID     string            `name:"oidc-client-id" help:"What the identity provider calls Wardwatch."`
	OIDCClientSecret secret            `name:"oidc-client-secret" help:"What Wardwatch shows the identity provider."`
	OIDCName         string            `name:"oidc-name" default:"the hospital's account" help:"What people call the identity provider."`
	OIDCGroupsClaim  string            `name:"oidc-groups-claim" default:"groups" help:"Claim that lists a person's groups."`
	OIDCRoles        map[string]string `name:"oidc-role" placeholder:"GROUP=ROLE[@UNIT+UNIT]" help:"What a group may do here: a role, in some units or everywhere; several with commas between. Repeat it, or join with semicolons."`

	// demo is set where nothing is real. No flag sets it: a real database never is one.
	demo *web.Demo
}

// secret is a setting that prints as ***.
type secret string

func (secret) String() string       { return "***" }
func (secret) GoString() string     { return "***" }
func (secret) LogValue() slog.Value { return slog.StringValue("***") }

// reveal is the secret itself, for the one place that needs it.
func (s secret) reveal() string { return string(s) }

// clock is the house's time: the real one, or the demo's hastened one.
type clock func() time.Time
