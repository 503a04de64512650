package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
)

// SCIM 2.0 (RFC 7643, 7644) for a directory that brings people in and out.
const (
	scimRoot    = "/scim/v2"
	scimType    = "application/scim+json"
	scimUser    = "urn:ietf:params:scim:schemas:core:2.0:User"
	scimList    = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	scimError   = "urn:ietf:params:scim:api:messages:2.0:Error"
	scimPatchOp = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	// maxSCIM is the most that a directory may send at once, maxSCIMPage how many people one page lists.
	maxSCIM     = 64 << 10
	maxSCIMPage = 200
	maxSCIMOps  = 100
)

func (d *Door) scimRoutes() []route {
	return []route{
		{get, scimRoot + "/ServiceProviderConfig", ByToken, d.scim(d.scimConfig)},
		{get, scimRoot + "/ResourceTypes", ByToken, d.scim(d.scimTypes)},
		{get, scimRoot + "/Schemas", ByToken, d.scim(d.scimSchemas)},
		{get, scimRoot + "/Users", ByToken, d.scim(d.scimUsers)},
		{post, scimRoot + "/Users", ByToken, d.scim(d.scimJoin)},
		{get, scimRoot + "/Users/:id", ByToken, d.scim(d.scimOne)},
		{http.MethodPut, scimRoot + "/Users/:id", ByToken, d.scim(d.scimReplace)},
		{http.MethodPatch, scimRoot + "/Users/:id", ByToken, d.scim(d.scimPatch)},
		{http.MethodDelete, scimRoot + "/Users/:id", ByToken, d.scim(d.scimLeave)},
	}
}

// scim lets a directory in by its token and answers in its language.
func (d *Door) scim(do func(echo.Context, hospital.Actor) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		by, err := d.People.Keys.Directory(c.Request().Context(), bearerToken(c.Request()))
		if errors.Is(err, hospital.ErrForbidden) {
			c.Response().Header().Set(echo.HeaderWWWAuthenticate, `Bearer realm="wardwatch"`)
			return scimFault(c, http.StatusUnauthorized, "", "Show a directory's token.")
		}
		if err == nil {
			err = do(c, by)
		}
		if err == nil {
			return nil
		}
		status, sentence := outcome(err)
		kind := ""
		switch {
		case errors.Is(err, account.ErrTaken):
			status, kind = http.StatusConflict, "uniqueness"
		case status == http.StatusUnprocessableEntity:
			status, kind = http.StatusBadRequest, "invalidValue"
		case status >= http.StatusInternalServerError:
			d.Log.Error("directory request failed", "path", c.Path(), "error", err)
		}
		return scimFault(c, status, kind, sentence)
	}
}

func scimAnswer(c echo.Context, status int, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return c.Blob(status, scimType, text)
}

func scimFault(c echo.Context, status int, kind, sentence string) error {
	body := map[string]any{"schemas": []string{scimError}, "status": strconv.Itoa(status), "detail": sentence}
	if kind != "" {
		body["scimType"] = kind
	}
	return scimAnswer(c, status, body)
}

// scimPerson is a User as a directory writes and reads it.
type scimPerson struct {
	Schemas     []string    `json:"schemas,omitempty"`
	ID          string      `json:"id,omitempty"`
	ExternalID  string      `json:"externalId,omitempty"`
	UserName    string      `json:"userName"`
	Name        *scimName   `json:"name,omitempty"`
	DisplayName string      `json:"displayName,omitempty"`
	Emails      []scimValue `json:"emails,omitempty"`
	Roles       []scimValue `json:"roles,omitempty"`
	Active      *scimBool   `json:"active,omitempty"`
	Meta        *scimMeta   `json:"meta,omitempty"`
}

type scimName struct {
	Formatted  string `json:"formatted,omitempty"`
	GivenName  string `json:"givenName,omitempty"`
	FamilyName string `json:"familyName,omitempty"`
}

type scimValue struct {
	Value   string `json:"value"`
	Primary bool   `json:"primary,omitempty"`
}

type scimMeta struct {
	ResourceType string    `json:"resourceType"`
	Created      time.Time `json:"created"`
	LastModified time.Time `json:"lastModified"`
	Location     string    `json:"location"`
}

// scimBool reads what directories write for a truth: true, "true" or "True".
type scimBool bool

// UnmarshalJSON is json.Unmarshaler.
func (b *scimBool) UnmarshalJSON(text []byte) error {
	truth, err := strconv.ParseBool(strings.Trim(string(text), `"`))
	*b = scimBool(truth)
	return err
}

// said is the person's name as people read it.
func (p scimPerson) said() string {
	names := []string{p.DisplayName}
	if p.Name != nil {
		names = append(names, p.Name.Formatted, strings.TrimSpace(p.Name.GivenName+" "+p.Name.FamilyName))
	}
	for _, name := range append(names, p.UserName) {
		if name = strings.TrimSpace(name); name != "" {
			return name
		}
	}
	return ""
}

// onto writes what a directory said of a person over what is known of her. Roles
// that it says nothing of stay as they are.
func (p scimPerson) onto(m account.Member) account.Member {
	m.UserName, m.ExternalID = strings.ToLower(strings.TrimSpace(p.UserName)), p.ExternalID
	m.Person.Name = p.said()
	m.Person.Email = m.UserName
	for i, email := range p.Emails {
		if i == 0 || email.Primary {
			m.Person.Email = strings.ToLower(strings.TrimSpace(email.Value))
		}
	}
	if p.Roles != nil {
		var names []string
		for _, role := range p.Roles {
			names = append(names, role.Value)
		}
		m.Person.Roles, m.Person.Limits = account.KnownRoles(names), nil
	}
	return m
}

// scimOf is a member as a directory reads her.
func scimOf(m account.Member, base string) scimPerson {
	active := scimBool(m.Person.DisabledAt.IsZero())
	p := scimPerson{Schemas: []string{scimUser}, ID: string(m.Person.ID), ExternalID: m.ExternalID, UserName: m.UserName, DisplayName: m.Person.Name,
		Name: &scimName{Formatted: m.Person.Name}, Emails: []scimValue{{Value: m.Person.Email, Primary: true}}, Active: &active,
		Meta: &scimMeta{ResourceType: "User", Created: m.MadeAt, LastModified: m.ChangedAt, Location: base + scimRoot + "/Users/" + url.PathEscape(string(m.Person.ID))}}
	for _, role := range m.Person.Roles {
		p.Roles = append(p.Roles, scimValue{Value: string(role)})
	}
	return p
}

var errSCIM = hospital.Refuse(hospital.ErrInvalid, "This is not a User as SCIM 2.0 writes it.")

func readSCIM(c echo.Context, into any) error {
	text, err := io.ReadAll(io.LimitReader(c.Request().Body, maxSCIM+1))
	if err != nil {
		return errSCIM
	}
	if len(text) > maxSCIM {
		return echo.NewHTTPError(http.StatusRequestEntityTooLarge)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return errSCIM
	}
	return nil
}

// scimFilter reads the one kind of filter that directories ask: attribute eq "value".
var scimFilterPattern = regexp.MustCompile(`(?i)^\s*(userName|externalId|emails\.value|emails\[type eq "work"\]\.value)\s+eq\s+"((?:[^"\\]|\\.)*)"\s*$`)

func scimFilter(text string) (f account.MemberFilter, err error) {
	if strings.TrimSpace(text) == "" {
		return f, nil
	}
	found := scimFilterPattern.FindStringSubmatch(text)
	if found == nil {
		return f, hospital.Refuse(hospital.ErrInvalid, `A filter is userName eq "…", externalId eq "…" or emails.value eq "…".`)
	}
	value := ""
	if json.Unmarshal([]byte(`"`+found[2]+`"`), &value) != nil || value == "" {
		return f, hospital.Refuse(hospital.ErrInvalid, "The filter's value can't be read.")
	}
	switch strings.ToLower(found[1]) {
	case "username":
		f.UserName = value
	case "externalid":
		f.ExternalID = value
	default:
		f.Email = value
	}
	return f, nil
}

func (d *Door) scimUsers(c echo.Context, by hospital.Actor) error {
	f, err := scimFilter(c.QueryParam("filter"))
	if err != nil {
		return err
	}
	start, _ := strconv.Atoi(c.QueryParam("startIndex"))
	start = max(start, 1)
	count, err := strconv.Atoi(c.QueryParam("count"))
	if err != nil || count > maxSCIMPage {
		count = maxSCIMPage
	}
	members, total, err := d.People.Porter.Members(c.Request().Context(), by, f, start-1, max(count, 0))
	if err != nil {
		return err
	}
	people := make([]scimPerson, len(members))
	for i, m := range members {
		people[i] = scimOf(m, d.ownOrigin(c))
	}
	return scimAnswer(c, http.StatusOK, map[string]any{"schemas": []string{scimList}, "totalResults": total, "startIndex": start, "itemsPerPage": len(people), "Resources": people})
}

func (d *Door) scimOne(c echo.Context, by hospital.Actor) error {
	m, err := d.People.Porter.Member(c.Request().Context(), by, hospital.PersonID(c.Param("id")))
	if err != nil {
		return err
	}
	return scimAnswer(c, http.StatusOK, scimOf(m, d.ownOrigin(c)))
}

func (d *Door) scimJoin(c echo.Context, by hospital.Actor) error {
	var said scimPerson
	if err := readSCIM(c, &said); err != nil {
		return err
	}
	m := said.onto(account.Member{})
	if said.Active != nil && !bool(*said.Active) {
		m.Person.DisabledAt = d.Now()
	}
	m, err := d.People.Porter.Join(c.Request().Context(), by, m)
	if err != nil {
		return err
	}
	person := scimOf(m, d.ownOrigin(c))
	c.Response().Header().Set(echo.HeaderLocation, person.Meta.Location)
	return scimAnswer(c, http.StatusCreated, person)
}

// scimAlter changes a member as a directory says, and answers with her as she is then.
func (d *Door) scimAlter(c echo.Context, by hospital.Actor, alter func(*scimPerson) error) error {
	ctx := c.Request().Context()
	m, err := d.People.Porter.Member(ctx, by, hospital.PersonID(c.Param("id")))
	if err != nil {
		return err
	}
	said := scimOf(m, "")
	if err := alter(&said); err != nil {
		return err
	}
	if m, err = d.People.Porter.AlterMember(ctx, by, said.onto(m), said.Active == nil || bool(*said.Active)); err != nil {
		return err
	}
	return scimAnswer(c, http.StatusOK, scimOf(m, d.ownOrigin(c)))
}

func (d *Door) scimReplace(c echo.Context, by hospital.Actor) error {
	return d.scimAlter(c, by, func(p *scimPerson) error {
		var said scimPerson
		err := readSCIM(c, &said)
		*p = said
		return err
	})
}

// scimLeave disables the account: what she did stays hers in every record.
func (d *Door) scimLeave(c echo.Context, by hospital.Actor) error {
	ctx := c.Request().Context()
	m, err := d.People.Porter.Member(ctx, by, hospital.PersonID(c.Param("id")))
	if err != nil {
		return err
	}
	if _, err := d.People.Porter.AlterMember(ctx, by, m, false); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// scimPatchBody is a PatchOp.
type scimPatchBody struct {
	Schemas    []string `json:"schemas"`
	Operations []struct {
		Op    string          `json:"op"`
		Path  string          `json:"path"`
		Value json.RawMessage `json:"value"`
	} `json:"Operations"`
}

func (d *Door) scimPatch(c echo.Context, by hospital.Actor) error {
	var body scimPatchBody
	if err := readSCIM(c, &body); err != nil {
		return err
	}
	return d.scimAlter(c, by, func(p *scimPerson) error { return body.onto(p) })
}

// onto carries out the operations, one after the other; nothing is changed when one can't be.
func (b scimPatchBody) onto(p *scimPerson) error {
	if !slices.Contains(b.Schemas, scimPatchOp) || len(b.Operations) == 0 || len(b.Operations) > maxSCIMOps {
		return hospital.Refuse(hospital.ErrInvalid, "This is not a PatchOp as SCIM 2.0 writes it.")
	}
	for _, op := range b.Operations {
		var err error
		switch strings.ToLower(op.Op) {
		case "add", "replace":
			err = p.set(op.Path, op.Value)
		case "remove":
			err = p.set(op.Path, nil)
		default:
			err = hospital.Refuse(hospital.ErrInvalid, "An operation is add, replace or remove.")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// set writes one attribute, or all that an object without a path holds.
func (p *scimPerson) set(path string, value json.RawMessage) error {
	if path == "" {
		if len(value) == 0 {
			return errSCIM
		}
		var many map[string]json.RawMessage
		if json.Unmarshal(value, &many) != nil {
			return errSCIM
		}
		for name, one := range many {
			if name == "schemas" || name == "" {
				continue
			}
			if err := p.set(name, one); err != nil {
				return err
			}
		}
		return nil
	}
	return p.setOne(strings.ToLower(strings.TrimPrefix(path, scimUser+":")), value)
}

func (p *scimPerson) setOne(name string, value json.RawMessage) error {
	if p.Name == nil {
		p.Name = &scimName{}
	}
	var into any
	switch {
	case name == "active" && value != nil:
		p.Active = new(scimBool)
		into = p.Active
	case name == "username" && value != nil:
		into = &p.UserName
	case name == "externalid":
		p.ExternalID, into = "", &p.ExternalID
	case name == "displayname":
		p.DisplayName, into = "", &p.DisplayName
	case name == "name" && value != nil:
		p.DisplayName, into = "", p.Name
	case name == "name.formatted":
		p.DisplayName, p.Name.Formatted, into = "", "", &p.Name.Formatted
	case name == "name.givenname":
		p.DisplayName, p.Name.Formatted, into = "", "", &p.Name.GivenName
	case name == "name.familyname":
		p.DisplayName, p.Name.Formatted, into = "", "", &p.Name.FamilyName
	case name == "emails" && value != nil:
		p.Emails, into = nil, &p.Emails
	case strings.HasPrefix(name, "emails[") && strings.HasSuffix(name, "].value") && value != nil:
		p.Emails = []scimValue{{Primary: true}}
		into = &p.Emails[0].Value
	case name == "roles":
		p.Roles, into = []scimValue{}, &p.Roles
	default:
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("The attribute %.60q is not kept here.", name))
	}
	if value == nil {
		return nil
	}
	if json.Unmarshal(value, into) != nil {
		return errSCIM
	}
	return nil
}

func (d *Door) scimConfig(c echo.Context, _ hospital.Actor) error {
	no := map[string]any{"supported": false}
	return scimAnswer(c, http.StatusOK, map[string]any{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"},
		"patch":   map[string]any{"supported": true}, "filter": map[string]any{"supported": true, "maxResults": maxSCIMPage},
		"bulk": map[string]any{"supported": false, "maxOperations": 0, "maxPayloadSize": 0}, "changePassword": no, "sort": no, "etag": no,
		"authenticationSchemes": []any{map[string]any{"type": "oauthbearertoken", "name": "Directory token", "description": "wardwatch token add NAME --directory"}}})
}

func (d *Door) scimTypes(c echo.Context, _ hospital.Actor) error {
	user := map[string]any{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:ResourceType"}, "id": "User", "name": "User", "endpoint": "/Users", "schema": scimUser}
	return scimAnswer(c, http.StatusOK, map[string]any{"schemas": []string{scimList}, "totalResults": 1, "startIndex": 1, "itemsPerPage": 1, "Resources": []any{user}})
}

func (d *Door) scimSchemas(c echo.Context, _ hospital.Actor) error {
	attribute := func(name, kind string, many, required bool) map[string]any {
		return map[string]any{"name": name, "type": kind, "multiValued": many, "required": required}
	}
	user := map[string]any{"id": scimUser, "name": "User", "attributes": []any{attribute("userName", "string", false, true), attribute("externalId", "string", false, false),
		attribute("displayName", "string", false, false), attribute("name", "complex", false, false), attribute("emails", "complex", true, false),
		attribute("roles", "complex", true, false), attribute("active", "boolean", false, false)}}
	return scimAnswer(c, http.StatusOK, map[string]any{"schemas": []string{scimList}, "totalResults": 1, "startIndex": 1, "itemsPerPage": 1, "Resources": []any{user}})
}
