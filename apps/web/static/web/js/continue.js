// Goes on by itself where a click would only be in the way.

document.querySelector("form[data-continue]")?.submit();
