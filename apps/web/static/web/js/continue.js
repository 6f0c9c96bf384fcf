// Submits the form that only exists to repeat a POST from our own site.

document.querySelector("form[data-continue]")?.submit();
