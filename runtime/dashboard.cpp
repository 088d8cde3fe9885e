// The admin address's page: one document, nothing from elsewhere; it reads /stats and builds text nodes only.
#include "runtime/admin.h"

namespace gw::runtime {

std::string_view dashboard_page() {
  return R"html(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>gwctl</title>
<style>
:root{color-scheme:light dark;--line:#8884;--bad:#c33;--warn:#b70;--good:#2a7}
body{font:14px/1.5 system-ui,sans-serif;margin:0 auto;max-width:80rem;padding:1rem}
h1{font-size:1.3rem;margin:0}h2{font-size:1rem;margin:1.6rem 0 .4rem}
header{display:flex;gap:1rem;align-items:baseline;flex-wrap:wrap}#state{color:var(--good)}#state.bad{color:var(--bad)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.6rem;margin-top:1rem}
.card{border:1px solid var(--line);border-radius:.5rem;padding:.5rem .8rem}.card b{display:block;font-size:1.3rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.25rem .6rem;border-bottom:1px solid var(--line)}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}td.mono{font-family:ui-monospace,monospace;word-break:break-all}
.bad{color:var(--bad)}.warn{color:var(--warn)}.good{color:var(--good)}.scroll{overflow-x:auto}.time{white-space:nowrap}td:first-child{min-width:5rem}#routes td:first-child{min-width:14rem}
</style></head><body>
<header><h1>gwctl</h1><span id="state" role="status">loading</span></header>
<div class="cards" id="cards"></div>
<h2>Routes</h2><div class="scroll"><table id="routes"><thead><tr><th>Route</th><th>Rule</th><th class="n">Requests</th>
<th class="n">2xx</th><th class="n">3xx</th><th class="n">4xx</th><th class="n">5xx</th><th class="n">p50 ms</th>
<th class="n">p95 ms</th><th class="n">p99 ms</th></tr></thead><tbody></tbody></table></div>
<h2>Backends</h2><div class="scroll"><table id="endpoints"><thead><tr><th>Endpoint</th><th>State</th><th class="n">Requests</th>
<th class="n">Failures</th></tr></thead><tbody></tbody></table></div>
<h2>Listeners</h2><div class="scroll"><table id="listeners"><thead><tr><th>Address</th><th>State</th></tr></thead><tbody></tbody></table></div>
<h2>Last requests</h2><div class="scroll"><table id="recent"><thead><tr><th>Time</th><th>Request</th><th class="n">Status</th>
<th class="n">ms</th><th>Rule that won</th><th>Backend</th></tr></thead><tbody></tbody></table></div>
<script>
"use strict";
const $=id=>document.getElementById(id);
function row(cells){const tr=document.createElement("tr");for(const [text,kind] of cells){const td=document.createElement("td");
td.textContent=text;if(kind)td.className=kind;tr.append(td)}return tr}
function fill(id,rows){$(id).tBodies[0].replaceChildren(...rows)}
function card(name,value){const d=document.createElement("div"),b=document.createElement("b");d.className="card";b.textContent=value;d.append(b,name);return d}
const fixed=x=>x<10?x.toFixed(2):x.toFixed(0);
async function load(){
 let s;
 try{s=await(await fetch("/stats",{cache:"no-store"})).json()}
 catch(e){$("state").textContent="no answer";$("state").className="bad";return}
 const bad=s.message||s.listeners.some(l=>l.error);
 $("state").textContent=s.message||(bad?"a listener is not open":"serving");$("state").className=bad?"bad":"";
 $("cards").replaceChildren(card("in flight",s.gwctl_requests_active),card("connections",s.gwctl_connections_active),
  card("backend failures",s.gwctl_backend_failures_total),card("retries",s.gwctl_retries_total),
  card("timeouts",s.gwctl_timeouts_total),card("reloads",s.reloads),card("refused reloads",s.failedReloads));
 s.routes.sort((a,b)=>b.count-a.count);
 fill("routes",s.routes.slice(0,500).map(r=>row([[r.kind+" "+r.route],[r.rule],[r.count,"n"],[r.classes[1],"n"],[r.classes[2],"n"],
  [r.classes[3],"n"+(r.classes[3]?" warn":"")],[r.classes[4],"n"+(r.classes[4]?" bad":"")],[fixed(r.p50),"n"],[fixed(r.p95),"n"],[fixed(r.p99),"n"]])));
 fill("recent",s.recent.slice(0,60).map(r=>row([[new Date(r.at).toLocaleTimeString([],{hour12:false}),"time"],[r.method+" "+r.host+r.path,"mono"],
  [r.status,"n"+(r.status>=500?" bad":r.status>=400?" warn":"")],[fixed(r.us/1000),"n"],[r.route||r.detail],[r.backend]])));
 fill("endpoints",s.endpoints.slice(0,500).map(e=>row([[e.address,"mono"],[e.up?"up":"rests after failures",e.up?"good":"bad"],
  [e.requests,"n"],[e.failures,"n"+(e.failures?" warn":"")]])));
 fill("listeners",s.listeners.map(l=>row([[l.address,"mono"],[l.error||"open",l.error?"bad":""]])));
}
load();setInterval(load,2000);
</script></body></html>
)html";
}

}  // namespace gw::runtime
