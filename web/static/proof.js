// A small task for the browser, done while somebody types an address.
// SHA-256 by hand, because crypto.subtle is missing outside secure contexts.
(function () {
  "use strict";

  var K = [], H = [];
  (function () {
    function bits(x) { return ((x - Math.floor(x)) * 4294967296) | 0; }
    for (var n = 2, i = 0; i < 64; n += 1) {
      var prime = true;
      for (var d = 2; d * d <= n; d += 1) { if (n % d === 0) { prime = false; break; } }
      if (!prime) { continue; }
      if (i < 8) { H[i] = bits(Math.pow(n, 1 / 2)); }
      K[i] = bits(Math.pow(n, 1 / 3));
      i += 1;
    }
  })();

  function turn(x, by) { return (x >>> by) | (x << (32 - by)); }

  // The first word of the digest; the text is plain ASCII.
  function firstWord(text) {
    var length = text.length, blocks = ((length + 8) >> 6) + 1, words = new Int32Array(blocks * 16);
    for (var at = 0; at < length; at += 1) { words[at >> 2] |= text.charCodeAt(at) << (24 - (at % 4) * 8); }
    words[length >> 2] |= 0x80 << (24 - (length % 4) * 8);
    words[words.length - 1] = length * 8;
    var h = H.slice(), w = new Int32Array(64);
    for (var block = 0; block < words.length; block += 16) {
      for (var t = 0; t < 64; t += 1) {
        if (t < 16) { w[t] = words[block + t]; continue; }
        var x = w[t - 15], y = w[t - 2];
        w[t] = (w[t - 16] + (turn(x, 7) ^ turn(x, 18) ^ (x >>> 3)) + w[t - 7] + (turn(y, 17) ^ turn(y, 19) ^ (y >>> 10))) | 0;
      }
      var a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], k = h[7];
      for (t = 0; t < 64; t += 1) {
        var one = (k + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[t] + w[t]) | 0;
        var two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        k = g; g = f; f = e; e = (d + one) | 0; d = c; c = b; b = a; a = (one + two) | 0;
      }
      [a, b, c, d, e, f, g, k].forEach(function (v, i) { h[i] = (h[i] + v) | 0; });
    }
    return h[0] >>> 0;
  }

  function solve(challenge, bits, done) {
    var nonce = 0;
    (function some() {
      for (var i = 0; i < 2000; i += 1, nonce += 1) {
        if (firstWord(challenge + ":" + nonce) >>> (32 - bits) === 0) { return done(String(nonce)); }
      }
      setTimeout(some, 0);
    })();
  }

  if (typeof document === "undefined") { module.exports = solve; return; }
  document.querySelectorAll("form[data-proof]").forEach(function (form) {
    var button = form.querySelector("button[type=submit]");
    button.disabled = true;
    solve(form.dataset.proof, Number(form.dataset.bits), function (nonce) {
      form.elements.nonce.value = nonce;
      button.disabled = false;
    });
  });
})();
