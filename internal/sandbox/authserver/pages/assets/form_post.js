// Posts the only form of the page, as soon as the page is there.
document.forms[0].submit();
