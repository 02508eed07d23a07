// Passkeys: asks our server for a challenge, the browser for an answer, and sends the answer back
// in the form itself, so that what follows is an ordinary page. Without support nothing is shown.
(function () {
  "use strict";

  function bytes(text) {
    var plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, function (sign) { return sign.charCodeAt(0); });
  }

  function text(buffer) {
    var plain = String.fromCharCode.apply(null, new Uint8Array(buffer));
    return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }

  function described(list) {
    return (list || []).map(function (one) {
      return Object.assign({}, one, { id: bytes(one.id) });
    });
  }

  function creation(options) {
    options.challenge = bytes(options.challenge);
    options.user.id = bytes(options.user.id);
    options.excludeCredentials = described(options.excludeCredentials);
    return navigator.credentials.create({ publicKey: options }).then(function (made) {
      return {
        id: made.id, rawId: text(made.rawId), type: made.type,
        response: {
          clientDataJSON: text(made.response.clientDataJSON),
          attestationObject: text(made.response.attestationObject)
        }
      };
    });
  }

  function assertion(options) {
    options.challenge = bytes(options.challenge);
    options.allowCredentials = described(options.allowCredentials);
    return navigator.credentials.get({ publicKey: options }).then(function (given) {
      var handle = given.response.userHandle;
      return {
        id: given.id, rawId: text(given.rawId), type: given.type,
        response: {
          clientDataJSON: text(given.response.clientDataJSON),
          authenticatorData: text(given.response.authenticatorData),
          signature: text(given.response.signature),
          userHandle: handle ? text(handle) : null
        }
      };
    });
  }

  function prove(form) {
    var status = form.querySelector("[data-passkey-status]");
    status.textContent = "Waiting for your device…";
    fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) })
      .then(function (answer) {
        if (!answer.ok) { throw new Error("refused"); }
        return answer.json();
      })
      .then(form.dataset.passkey === "create" ? creation : assertion)
      .then(function (answer) {
        form.elements.answer.value = JSON.stringify(answer);
        form.submit();
      })
      .catch(function () {
        status.textContent = "That did not work. Try again, or use another way.";
      });
  }

  document.querySelectorAll("form[data-passkey]").forEach(function (form) {
    if (!window.PublicKeyCredential) { return; }
    form.hidden = false;
    form.querySelector("[data-passkey-button]").disabled = false;
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      prove(form);
    });
  });
})();
