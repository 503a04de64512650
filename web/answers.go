package web

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/inventory/supplier"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
	"wardwatch/tracking/hospital/upkeep"
	"wardwatch/views"
)

// answersPath is where suppliers' programs deliver what they answer to orders.
const answersPath = "/suppliers/answers"

// answersShown is how many answers the list shows.
const answersShown = 200

func (d *Door) answerRoutes() []route {
	if d.Desk == nil {
		return nil
	}
	return []route{
		{get, "/orders/answers", hospital.SeeOrders, d.answers},
		{post, "/orders/answers/:id", hospital.ApproveOrders, d.decideAnswer},
		{get, "/orders/answers/:id/file", hospital.SeePrices, d.answerFile},
		{post, "/orders/:number/answers", hospital.ApproveOrders, d.bringAnswer},
		{post, answersPath, ByToken, d.takeReply},
	}
}

// answers lists those that a person has to decide.
func (d *Door) answers(c echo.Context) error {
	all, err := d.Desk.Store.RepliesWaiting(c.Request().Context(), answersShown)
	if err != nil {
		return err
	}
	return d.show(c, "Suppliers' answers", views.Answers(all), "proposals")
}

// bringAnswer takes an answer that a person has as a file, from a mail or a portal.
func (d *Door) bringAnswer(c echo.Context) error {
	number, by := c.Param("number"), d.actor(c)
	file, name, err := replyFile(c)
	failed := func(err error) error { return d.orderBack(c, err) }
	if err != nil {
		return failed(err)
	}
	here := "/orders/" + number + "#answers"
	return d.undertake(c, longWork{Task: upkeep.Task{Title: "Take in a file", Of: name, Back: here}, failed: failed, work: func(ctx context.Context, says upkeep.Says) (upkeep.Outcome, error) {
		pace := upkeep.NewPace(ctx, says)
		if err := pace.Begin("reading the file", 1, answerSteps, 0); err != nil {
			return upkeep.Outcome{}, err
		}
		if err := answerTo(number, file); err != nil {
			return upkeep.Outcome{}, err
		}
		if err := pace.Begin("recording what it says", answerSteps, answerSteps, 0); err != nil {
			return upkeep.Outcome{}, err
		}
		r, err := d.Desk.TakeReply(ctx, by, "", reorder.ByUpload, file)
		return upkeep.Outcome{Said: views.ReplySaid(r), Href: here}, err
	}})
}

// answerSteps are reading an answer, and recording what it says.
const answerSteps = 2

// answerTo refuses an answer about another order than that one.
func answerTo(number string, file []byte) error {
	r, err := supplier.ReadAnswer(file)
	if err == nil && r.Order != number {
		err = hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("This answer is about order %s. Open that one.", r.Order))
	}
	return err
}

// replyFile is the file of the form, and its name.
func replyFile(c echo.Context) (file []byte, name string, err error) {
	header, err := c.FormFile("file")
	if _, large := errors.AsType[*http.MaxBytesError](err); large || err == nil && header.Size > supplier.MaxAnswer {
		return nil, "", hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("The file is larger than %d kB.", supplier.MaxAnswer>>10))
	}
	if err != nil || header.Size == 0 {
		return nil, "", hospital.Refuse(hospital.ErrInvalid, "Choose the supplier's file.")
	}
	from, err := header.Open()
	if err != nil {
		return nil, "", err
	}
	defer from.Close()
	file, err = io.ReadAll(io.LimitReader(from, supplier.MaxAnswer+1))
	return file, header.Filename, err
}

// decideAnswer accepts what an answer would change, or refuses it.
func (d *Door) decideAnswer(c echo.Context) error {
	ctx := c.Request().Context()
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return reorder.ErrUnknownReply
	}
	r, err := d.Desk.Store.FindReply(ctx, reorder.ReplyID(id))
	if err != nil {
		return err
	}
	c.SetParamNames("id", "number")
	c.SetParamValues(c.Param("id"), r.Order)
	version, err := wholeNumber(c.FormValue("version"))
	accept := c.FormValue("decision") == "accept"
	if err == nil {
		err = d.Desk.DecideReply(ctx, d.actor(c), r.ID, version, accept, c.FormValue("why"))
	}
	if err != nil {
		return d.orderBack(c, err)
	}
	said := "Refused. The order stands, and the supplier is told."
	if accept {
		said = "Accepted. The order is as the supplier says."
	}
	d.say(c, said)
	return d.seeOther(c, "/orders/"+r.Order+"#answers")
}

// answerFile is an answer as it came.
func (d *Door) answerFile(c echo.Context) error {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return reorder.ErrUnknownReply
	}
	r, err := d.Desk.Store.FindReply(c.Request().Context(), reorder.ReplyID(id))
	if err != nil {
		return err
	}
	attach(c, "answer-"+r.Order+"-"+strconv.FormatInt(id, 10)+".xml", "application/xml")
	_, err = c.Response().Write(r.File)
	return err
}

// takeReply takes an answer that a supplier's program delivers. It shows the supplier's
// token, as a bearer, as the password of basic authentication, or as cXML's shared secret.
// 200 says that the answer is durable; delivered again it changes nothing. cXML is
// answered in cXML, whose status stands within.
func (d *Door) takeReply(c echo.Context) error {
	file, err := io.ReadAll(io.LimitReader(c.Request().Body, supplier.MaxAnswer+1))
	if err != nil {
		return echo.NewHTTPError(http.StatusBadRequest, "The body ends before it is whole.")
	}
	r, err := d.deliverReply(c, file)
	status, sentence := http.StatusOK, ""
	if err != nil {
		status, sentence = outcome(err)
		if status >= http.StatusInternalServerError {
			d.Log.Error("an answer could not be taken", "error", err)
		}
	}
	if supplier.IsCXML(file) {
		return d.replyInCXML(c, status, sentence)
	}
	if err != nil {
		return c.JSON(status, problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: sentence})
	}
	return c.JSON(status, map[string]string{"order": r.Order, "answer": r.Number, "status": string(r.Status)})
}

func (d *Door) deliverReply(c echo.Context, file []byte) (reorder.Reply, error) {
	token := bearerToken(c.Request())
	if _, password, basic := c.Request().BasicAuth(); basic {
		token = password
	}
	if token == "" {
		token = supplier.SharedSecret(file)
	}
	if d.People == nil || token == "" {
		c.Response().Header().Set(echo.HeaderWWWAuthenticate, `Bearer realm="wardwatch"`)
		return reorder.Reply{}, echo.NewHTTPError(http.StatusUnauthorized, "Show the supplier's token: Authorization: Bearer TOKEN.")
	}
	from, err := d.People.Keys.Supplier(c.Request().Context(), token)
	if errors.Is(err, hospital.ErrForbidden) {
		return reorder.Reply{}, echo.NewHTTPError(http.StatusUnauthorized, "The token is no supplier's, or was revoked.")
	}
	if err == nil {
		err = d.slowDown(c, delivering, "supplier "+from)
	}
	if err == nil && len(file) > supplier.MaxAnswer {
		err = echo.NewHTTPError(http.StatusRequestEntityTooLarge)
	}
	if err != nil {
		return reorder.Reply{}, err
	}
	return d.Desk.TakeReply(c.Request().Context(), hospital.Job("supplier "+from), inventory.SupplierID(from), reorder.ByHTTPS, file)
}

// replyInCXML is a cXML Response.
func (d *Door) replyInCXML(c echo.Context, status int, sentence string) error {
	type said struct {
		Code int    `xml:"code,attr"`
		Word string `xml:"text,attr"`
		Text string `xml:",chardata"`
	}
	body := struct {
		XMLName   xml.Name `xml:"cXML"`
		PayloadID string   `xml:"payloadID,attr"`
		Timestamp string   `xml:"timestamp,attr"`
		Status    said     `xml:"Response>Status"`
	}{PayloadID: c.Response().Header().Get(echo.HeaderXRequestID) + "@wardwatch", Timestamp: d.Now().UTC().Format(time.RFC3339), Status: said{status, http.StatusText(status), sentence}}
	return c.XML(http.StatusOK, body)
}

// addSupplierToken makes a token for the program of a supplier that there is.
func (d *Door) addSupplierToken(c echo.Context, name string, gateway hospital.GatewayID) (account.Token, account.Secret, error) {
	if gateway != "" {
		return account.Token{}, "", hospital.Refuse(hospital.ErrInvalid, "A supplier's program speaks for no gateway.")
	}
	whose := strings.TrimSpace(c.FormValue("supplier"))
	if d.Desk != nil && whose != "" {
		if err := d.Desk.KnownSupplier(c.Request().Context(), inventory.SupplierID(whose)); err != nil {
			return account.Token{}, "", err
		}
	}
	return d.People.Keys.AddSupplier(c.Request().Context(), d.actor(c), name, whose)
}
