// Package e2e holds the stories that are followed in a real browser.
//
// Each test builds and starts the program as a newcomer does (wardwatch demo),
// opens its pages in chromium-headless-shell and does what a nurse, a pharmacist
// or a supply manager does. Nothing is replaced: messages come over MQTT, the
// database is a file, updates arrive over the websocket. A test fails when a page
// writes an error on the console, breaks its own security policy, or has a fault
// that axe-core (testdata, MPL-2.0, never part of the program) can see.
//
// The three longest, which only look at every page, run beside one another (t.Parallel) once
// all others are done, each in a tab of its own.
//
// Without a browser on PATH the tests are skipped and say so; with
// WARDWATCH_E2E=required they fail instead. CHROMIUM names another browser.
// Debian: apt-get install chromium-headless-shell fonts-dejavu-core.
package e2e
