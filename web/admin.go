package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"wardwatch/inventory"
	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/certificate"
	"wardwatch/tracking/hospital/document"
	"wardwatch/tracking/hospital/upkeep"
	"wardwatch/tracking/notify"
	"wardwatch/views"
	"wardwatch/web/auth"
	"wardwatch/web/live"
)

// adminPage is how many lines one page of tags or notices holds.
const adminPage = 100

// Administration is what the pages of the house itself read and change, beside the
// parts that the door has anyway.
type Administration struct {
	// Document is where units and suppliers are changed.
	Document Documents
	// Notices are those older than one, the newest first; 0 begins with the newest of all.
	Notices func(ctx context.Context, before notify.NoticeID, limit int) ([]notify.Notice, error)
	// Slowed lists who sent more than it may lately; nil: nobody is asked.
	Slowed func() []views.SlowedSender
}

// Documents describes the hospital and takes changes of it. What is taken in tells its
// steps; once ctx ends it stops, and nothing is kept.
type Documents interface {
	Describe(ctx context.Context, by hospital.Actor) (document.Document, error)
	Import(ctx context.Context, by hospital.Actor, doc document.Document, apply bool, says upkeep.Says) ([]document.Change, error)
	// ImportUse takes in what was used before and answers how many days are new.
	ImportUse(ctx context.Context, by hospital.Actor, all []inventory.PastUse, apply bool, says upkeep.Says) (fresh int, err error)
}

func (d *Door) adminRoutes() []route {
	if d.Upkeep == nil || d.Administration == nil {
		return nil
	}
	return []route{
		{get, "/admin", hospital.SeeDevices, d.admin},
		{get, "/admin/jobs", hospital.SeeAudit, d.jobs},
		{post, "/admin/jobs", hospital.ManageHospital, d.runJob},
		{get, "/admin/backups", hospital.SeeAudit, d.backups},
		{get, "/admin/health", hospital.SeeAudit, d.health},
		{get, "/admin/roles", hospital.SeeAudit, d.roles},
		{get, "/admin/units", hospital.ManageHospital, d.adminUnits},
		{post, "/admin/units", hospital.ManageHospital, d.setUnit},
		{get, "/admin/suppliers", hospital.ManageHospital, d.suppliers},
		{post, "/admin/suppliers", hospital.ManageHospital, d.setSupplier},
		{get, "/admin/tags", hospital.SeeDevices, d.tags},
		{get, "/admin/notices", hospital.SeeAudit, d.notices},
		{get, "/admin/certificates", hospital.SeeDevices, d.certificates},
		{post, "/admin/certificates", hospital.ManageDevices, d.blockCertificate},
		{get, "/admin/audit/checkpoint", hospital.SeeAudit, d.auditCheckpoint},
		{get, "/admin/audit/key", hospital.SeeAudit, d.auditKey},
	}
}

// adminLinks is the administration as one may see it all. What a page needs is asked
// of the table of routes, so that a link never leads to a refusal.
func adminLinks() []views.AdminGroup {
	return []views.AdminGroup{
		{ID: "who", Title: "People", Links: []views.AdminLink{
			{Href: "/admin/people", Icon: "users", Label: "People", About: "Accounts, roles, links to begin with."},
			{Href: "/admin/roles", Icon: "key-round", Label: "Roles", About: "What each role may do."},
			{Href: "/admin/sign-in", Icon: "key-round", Label: "Signing in", About: "Second step, single sign-on, directory."},
			{Href: "/admin/units", Icon: "house", Label: "Units", About: "Wards and departments."},
		}},
		{ID: "devices", Title: "Devices", Links: []views.AdminLink{
			{Href: "/admin/gateways", Icon: "radio-tower", Label: "Gateways", About: "How each does."},
			{Href: "/admin/devices", Icon: "circle-question-mark", Label: "Unknown devices", About: "What speaks here and waits to be adopted."},
			{Href: "/admin/tags", Icon: "tag", Label: "Tags", About: "Which tag is on what."},
			{Href: "/admin/tokens", Icon: "key-round", Label: "Tokens", About: "Of gateways and programs."},
			{Href: "/admin/displays", Icon: "monitor", Label: "Wall displays", About: "Links for screens on walls, which show and change nothing."},
			{Href: "/admin/certificates", Icon: "key-round", Label: "Client certificates", About: "Of gateways."},
		}},
		{ID: "rules", Title: "Rules and partners", Links: []views.AdminLink{
			{Href: "/coldchain/profiles", Icon: "refrigerator", Label: "Profiles", About: "How cold what must be kept."},
			{Href: "/admin/suppliers", Icon: "clipboard-check", Label: "Suppliers", About: "Whom orders go to."},
		}},
		{ID: "house", Title: "The house itself", Links: []views.AdminLink{
			{Href: startPath, Icon: "house", Label: "Set up", About: "Step by step to the first things that are watched."},
			{Href: importsPath, Icon: "package", Label: "Imports", About: "The hospital, equipment, items, stock, past use and plans, from files."},
			{Href: "/admin/health", Icon: "info", Label: "Health", About: "What must work, and whether it does."},
			{Href: "/admin/jobs", Icon: "history", Label: "Jobs", About: "What happens by the clock."},
			{Href: "/admin/backups", Icon: "package", Label: "Backups", About: "Copies, and whether they can be restored."},
			{Href: "/admin/notices", Icon: "bell", Label: "Notices", About: "What was sent to whom."},
			{Href: "/admin/audit", Icon: "history", Label: "Audit", About: "Who did what, when and why."},
		}},
	}
}

func (d *Door) admin(c echo.Context) error {
	by := d.actor(c)
	var groups []views.AdminGroup
	for _, group := range adminLinks() {
		var open []views.AdminLink
		for _, link := range group.Links {
			if d.mayOpen(by, link.Href) {
				link.Note = d.adminNote(c.Request().Context(), by, link.Href)
				open = append(open, link)
			}
		}
		if group.Links = open; len(open) > 0 {
			groups = append(groups, group)
		}
	}
	return d.show(c, "Administration", views.Admin(groups))
}

// mayOpen says whether there is such a page, and one may open it.
func (d *Door) mayOpen(by hospital.Actor, path string) bool {
	for _, r := range d.table {
		if r.Method == get && r.Path == path {
			return r.Permission == Public || r.Permission == SignedIn || by.May(r.Permission)
		}
	}
	return false
}

// adminNote says what needs somebody on a page; empty when nothing does, or when that can't be told.
func (d *Door) adminNote(ctx context.Context, by hospital.Actor, path string) string {
	switch path {
	case "/admin/devices":
		if unknown, err := d.Devices.Unknown(ctx, by); err == nil && unknown.Count() > 0 {
			return strconv.Itoa(unknown.Count()) + " wait"
		}
	case "/admin/jobs":
		if failed, err := d.failedJobs(ctx, by); err == nil && len(failed) > 0 {
			return views.Plural(len(failed), "failed", "failed")
		}
	case "/admin/health":
		if trouble := d.trouble(); trouble != "" {
			return trouble.Error()
		}
	case "/admin/certificates":
		if ending, err := d.Certificates.Ending(ctx); err == nil && len(ending) > 0 {
			return strconv.Itoa(len(ending)) + " end soon"
		}
	case "/admin/backups":
		if d.Backups != nil && d.Backups().Folder == "" && d.Demo == nil {
			return "no copies are made"
		}
	}
	return ""
}

func (d *Door) jobs(c echo.Context) error {
	lines, err := d.Upkeep.Jobs(c.Request().Context(), d.actor(c))
	if err != nil {
		return err
	}
	return d.show(c, "Jobs", views.Jobs(views.JobsProps{Lines: lines, May: d.actor(c).May(hospital.ManageHospital)}), upkeep.JobTopic)
}

// jobSources tell an open page of jobs how each does, while it runs and once it is done.
func (d *Door) jobSources() []live.Source {
	if d.Upkeep == nil {
		return nil
	}
	return []live.Source{{Prefix: upkeep.JobTopic, Permission: hospital.SeeAudit, Render: func(ctx context.Context, _ string) ([]live.Fragment, error) {
		lines, err := d.Upkeep.Jobs(ctx, hospital.Job("pages"))
		if err != nil {
			return nil, err
		}
		var leaves []leaf
		for _, line := range lines {
			leaves = append(leaves, leaf{views.JobID(line, "last"), views.JobCell(line, "last", "Last run")},
				leaf{views.JobID(line, "outcome"), views.JobCell(line, "outcome", "Outcome")}, leaf{views.JobID(line, "next"), views.JobCell(line, "next", "Next run")})
		}
		return drawAll(ctx, leaves...)
	}}}
}

func (d *Door) runJob(c echo.Context) error {
	if name := c.FormValue("stop"); name != "" {
		return d.stopJob(c, name)
	}
	name := c.FormValue("job")
	err := d.Upkeep.RunNow(c.Request().Context(), d.actor(c), name)
	if err != nil && hospital.Sentence(err) == "" {
		return err
	}
	said := views.Capital(name) + " runs now. This page says how it goes."
	if err != nil {
		said = hospital.Sentence(err)
	}
	d.say(c, said)
	if c.FormValue("next") != "" {
		return d.seeOther(c, auth.Next(c.FormValue("next")))
	}
	return d.seeOther(c, "/admin/jobs")
}

// stopJob asks a job in progress to end before it is done.
func (d *Door) stopJob(c echo.Context, name string) error {
	err := d.Upkeep.Stop(c.Request().Context(), d.actor(c), name)
	if err != nil && hospital.Sentence(err) == "" {
		return err
	}
	said := views.Capital(name) + " is told to stop."
	if err != nil {
		said = hospital.Sentence(err)
	}
	d.say(c, said)
	return d.seeOther(c, auth.Next(cmp.Or(c.FormValue("next"), "/admin/jobs")))
}

// failedJobs are those that failed when they last ran.
func (d *Door) failedJobs(ctx context.Context, by hospital.Actor) (failed []upkeep.JobLine, err error) {
	lines, err := d.Upkeep.Jobs(ctx, by)
	for _, line := range lines {
		if line.Last.Fault != "" {
			failed = append(failed, line)
		}
	}
	return failed, err
}

func (d *Door) backups(c echo.Context) error {
	lines, err := d.Upkeep.Jobs(c.Request().Context(), d.actor(c))
	if err != nil {
		return err
	}
	props := views.BackupsProps{Backups: d.Backups(), May: d.actor(c).May(hospital.ManageHospital)}
	for _, line := range lines {
		switch line.Name {
		case "backup":
			props.Backup = line
		case "restore drill":
			props.Drill = line
		}
	}
	return d.show(c, "Backups", views.Backups(props))
}

func (d *Door) health(c echo.Context) error {
	ctx, by := c.Request().Context(), d.actor(c)
	failed, err := d.failedJobs(ctx, by)
	if err != nil {
		return err
	}
	props := views.HealthProps{Storage: d.Storage(), Version: d.Version, Broken: failed}
	if d.Administration.Slowed != nil {
		props.Slowed = d.Administration.Slowed()
	}
	for _, check := range d.Checks {
		checking, cancel := context.WithTimeout(ctx, checkTime)
		err := check.Work(checking)
		cancel()
		part := views.HealthPart{Name: check.Name}
		if err != nil {
			part.Fault = "Does not work"
			if trouble := upkeep.TroubleOf(err); trouble != "" {
				part.Fault = views.Capital(trouble.Error())
			}
		}
		props.Parts = append(props.Parts, part)
	}
	return d.show(c, "Health", views.Health(props))
}

func (d *Door) roles(c echo.Context) error { return d.show(c, "Roles", views.RolesPage(d.actor(c))) }

func (d *Door) adminUnits(c echo.Context) error {
	return d.showAdminUnits(c, http.StatusOK, hospital.Unit{}, "")
}

func (d *Door) showAdminUnits(c echo.Context, status int, typed hospital.Unit, wrong string) error {
	directory := d.Register.Current()
	props := views.AdminUnitsProps{Typed: typed, Wrong: wrong, May: d.actor(c).May(hospital.ManageHospital)}
	for _, unit := range directory.Units {
		line := views.AdminUnit{Unit: unit}
		for _, room := range directory.Rooms {
			if room.Unit == unit.ID {
				line.Rooms++
			}
		}
		props.Units = append(props.Units, line)
	}
	return d.showAs(c, status, "Units", views.AdminUnits(props))
}

// change alters the hospital's document and takes it in again. What can't be so comes
// back as a sentence.
func (d *Door) change(c echo.Context, alter func(*document.Document) error) (wrong string, err error) {
	ctx, by := c.Request().Context(), d.actor(c)
	doc, err := d.Administration.Document.Describe(ctx, by)
	if err != nil {
		return "", err
	}
	if err := alter(&doc); err != nil {
		return hospital.Sentence(err), nil
	}
	return d.takeDocument(c, doc)
}

// takeDocument takes in the hospital as a document describes it. What can't be so comes
// back as a sentence.
func (d *Door) takeDocument(c echo.Context, doc document.Document) (wrong string, err error) {
	text, err := json.Marshal(doc)
	if err != nil {
		return "", err
	}
	if doc, err = document.Parse(text); err != nil {
		faults, ok := errors.AsType[document.Faults](err)
		if !ok || len(faults) == 0 {
			return "", err
		}
		return views.Capital(strings.TrimSuffix(faults[0].Says, ".")) + ".", nil // some say a phrase, some a sentence
	}
	_, err = d.Administration.Document.Import(c.Request().Context(), d.actor(c), doc, true, nil)
	return "", err
}

func (d *Door) setUnit(c echo.Context) error {
	typed := hospital.Unit{ID: hospital.UnitID(strings.TrimSpace(c.FormValue("id"))), Name: strings.TrimSpace(c.FormValue("name"))}
	fresh := c.FormValue("new") != ""
	wrong, err := d.change(c, func(doc *document.Document) error {
		for i := range doc.Units {
			if doc.Units[i].ID != typed.ID {
				continue
			}
			if fresh {
				return hospital.Refuse(hospital.ErrInvalid, "There is a unit of that short name already. Choose another.")
			}
			doc.Units[i].Name = typed.Name
			return nil
		}
		if !fresh {
			return hospital.Refuse(hospital.ErrInvalid, "There is no such unit any more. Look again.")
		}
		doc.Units = append(doc.Units, document.Unit{ID: typed.ID, Name: typed.Name})
		return nil
	})
	if err != nil {
		return err
	}
	if wrong != "" {
		return d.showAdminUnits(c, http.StatusUnprocessableEntity, typed, wrong)
	}
	d.say(c, typed.Name+" is saved.")
	return d.seeOther(c, "/admin/units")
}

func (d *Door) suppliers(c echo.Context) error {
	return d.showSuppliers(c, http.StatusOK, views.SuppliersProps{Typed: document.Supplier{ID: c.QueryParam("id")}})
}

func (d *Door) showSuppliers(c echo.Context, status int, props views.SuppliersProps) error {
	doc, err := d.Administration.Document.Describe(c.Request().Context(), d.actor(c))
	if errors.Is(err, hospital.ErrInvalid) && props.Wrong == "" { // an empty house
		return d.showAs(c, status, "Suppliers", views.SuppliersPage(props))
	}
	if err != nil {
		return err
	}
	props.Suppliers, props.May = doc.Suppliers, d.actor(c).May(hospital.ManageHospital)
	for _, s := range doc.Suppliers {
		if s.ID == props.Typed.ID && props.Wrong == "" {
			props.Typed = s
			props.Minimum = strconv.FormatInt(s.MinimumMinor, 10)
		}
	}
	return d.showAs(c, status, "Suppliers", views.SuppliersPage(props))
}

func (d *Door) setSupplier(c echo.Context) error {
	typed := func(name string) string { return strings.TrimSpace(c.FormValue(name)) }
	s := document.Supplier{ID: typed("id"), Name: typed("name"), Email: typed("email"), Currency: strings.ToUpper(typed("currency")), Account: typed("account")}
	days, wrongDays := strconv.Atoi(typed("lead_days"))
	least, wrongLeast := strconv.ParseInt("0"+typed("minimum"), 10, 64)
	s.LeadDays, s.MinimumMinor = days, least
	if err := readTerms(c, &s); err != nil {
		return err
	}
	wrong := "Days and the least worth are whole numbers."
	if wrongDays == nil && wrongLeast == nil {
		var err error
		wrong, err = d.change(c, func(doc *document.Document) error {
			for i := range doc.Suppliers {
				if doc.Suppliers[i].ID == s.ID {
					doc.Suppliers[i] = s
					return nil
				}
			}
			doc.Suppliers = append(doc.Suppliers, s)
			return nil
		})
		if err != nil {
			return err
		}
	}
	if wrong != "" {
		return d.showSuppliers(c, http.StatusUnprocessableEntity, views.SuppliersProps{Typed: s, Minimum: typed("minimum"), Wrong: wrong})
	}
	d.say(c, s.Name+" is saved.")
	return d.seeOther(c, "/admin/suppliers")
}

func (d *Door) tags(c echo.Context) error {
	assets, err := d.Lists.Assets(c.Request().Context(), tracking.Selection{After: tracking.AssetID(c.QueryParam("after"))}, adminPage+1)
	if err != nil {
		return err
	}
	props := views.TagsProps{Assets: assets}
	if len(assets) > adminPage {
		props.Assets = assets[:adminPage]
		props.Next = "/admin/tags?after=" + url.QueryEscape(string(props.Assets[adminPage-1].ID))
	}
	return d.show(c, "Tags", views.TagsPage(props))
}

func (d *Door) notices(c echo.Context) error {
	before, _ := strconv.ParseInt(c.QueryParam("before"), 10, 64) // anything else begins at the top
	lines, err := d.Administration.Notices(c.Request().Context(), notify.NoticeID(before), adminPage+1)
	if err != nil {
		return err
	}
	props := views.NoticesProps{Lines: lines}
	if before > 0 {
		props.Pager.Newer = "/admin/notices"
	}
	if len(lines) > adminPage {
		props.Lines = lines[:adminPage]
		props.Pager.Older = "/admin/notices?before=" + strconv.FormatInt(int64(props.Lines[adminPage-1].ID), 10)
	}
	return d.show(c, "Notices", views.NoticesPage(props))
}

func (d *Door) certificates(c echo.Context) error {
	lines, err := d.Certificates.List(c.Request().Context(), d.actor(c))
	if err != nil {
		return err
	}
	return d.show(c, "Client certificates", views.Certificates(views.CertificatesProps{Lines: lines, May: d.actor(c).May(hospital.ManageDevices)}))
}

func (d *Door) blockCertificate(c echo.Context) error {
	work, said := d.Parts.Certificates.Block, "The certificate is blocked; its connections end within seconds."
	if c.FormValue("do") == "unblock" {
		work, said = d.Parts.Certificates.Unblock, "The certificate is good again."
	}
	if err := work(c.Request().Context(), d.actor(c), certificate.Fingerprint(c.FormValue("fingerprint")), ""); err != nil {
		return err
	}
	d.say(c, said)
	return d.seeOther(c, "/admin/certificates")
}

// auditCheckpoint is the newest signed end of the trail, for whoever keeps it outside.
func (d *Door) auditCheckpoint(c echo.Context) error {
	text, _, err := d.People.Trail.Checkpoint(c.Request().Context(), d.actor(c))
	if err != nil {
		return err
	}
	attach(c, "audit-checkpoint-"+d.Now().UTC().Format("20060102")+".txt", "text/plain; charset=utf-8")
	return c.String(http.StatusOK, text)
}

// auditKey is the public key that checkpoints are checked with.
func (d *Door) auditKey(c echo.Context) error {
	_, public, err := d.People.Trail.Checkpoint(c.Request().Context(), d.actor(c))
	if err != nil && !errors.Is(err, hospital.ErrUnknown) || public == "" {
		return err
	}
	attach(c, "audit-public-key.txt", "text/plain; charset=utf-8")
	return c.String(http.StatusOK, public+"\n")
}
