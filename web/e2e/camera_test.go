package e2e

import (
	"bytes"
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"testing"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/datamatrix"
	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"wardwatch/tracking/hospital"
)

// shownToTheCamera is the code that the browser's made-up camera looks at.
const shownToTheCamera = "BIN-E2ECAM-1"

// filmed writes a film of one picture, a DataMatrix on white paper, for the browser's made-up camera.
func filmed(folder string) (path string, err error) {
	const width, height, side = 640, 480, 240
	code, err := datamatrix.Encode(shownToTheCamera)
	if err != nil {
		return "", err
	}
	if code, err = barcode.Scale(code, side, side); err != nil {
		return "", err
	}
	luma := bytes.Repeat([]byte{235}, width*height)
	for y := range side {
		for x := range side {
			if gray := color.GrayModel.Convert(code.At(x, y)).(color.Gray); gray.Y < 128 {
				luma[(y+(height-side)/2)*width+x+(width-side)/2] = 16
			}
		}
	}
	var film bytes.Buffer
	fmt.Fprintf(&film, "YUV4MPEG2 W%d H%d F10:1 Ip A1:1 C420\n", width, height)
	for range 5 {
		film.WriteString("FRAME\n")
		film.Write(luma)
		film.Write(bytes.Repeat([]byte{128}, width*height/2))
	}
	path = filepath.Join(folder, "camera.y4m")
	return path, os.WriteFile(path, film.Bytes(), 0o600)
}

// TestATelephoneReadsACodeWithItsCamera: the code before the camera is read by the
// vendored decoder and looked up, without a key.
func TestATelephoneReadsACodeWithItsCamera(t *testing.T) {
	b := visited(t).look(t, hospital.SupplyManager, phone)
	b.do(browser.SetPermission(&browser.PermissionDescriptor{Name: "camera"}, browser.PermissionSettingGranted).WithOrigin(b.server.url))
	b.tolerate = append(b.tolerate, "404") // nobody has hung up this card
	b.open("/scan")
	b.until("the camera is offered", `!document.querySelector("[data-camera]").hidden`)
	b.check("scan")
	b.click("[data-camera-on]")
	b.until("the code was looked up", `location.pathname.includes("`+shownToTheCamera+`")`)
}

// TestACameraThatIsRefusedSaysWhatToDo: whoever says no is told what else there is.
func TestACameraThatIsRefusedSaysWhatToDo(t *testing.T) {
	b := visited(t).look(t, hospital.Nurse, phone)
	b.open("/stock/scan")
	b.until("the camera is offered", `!document.querySelector("[data-camera]").hidden`)
	b.do(chromedp.Evaluate(`navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError"))`, nil))
	b.click("[data-camera-on]")
	b.until("it says what to do", `document.querySelector("[data-camera-word]").innerText.includes("hand scanner")`)
}
