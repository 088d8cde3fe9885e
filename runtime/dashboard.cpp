// The admin address's page: one document, nothing from elsewhere; it reads /stats and builds text nodes only.
#include "runtime/admin.h"

namespace gw::runtime {
namespace {

constexpr std::string_view page = R"html(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>gwctl</title>
<style>
:root{color-scheme:light dark;--ink:#1b1f24;--paper:#fff;--line:#d0d7de;--soft:#57606a;--shade:#f6f8fa;--link:#0550ae;
--bad:#b3261e;--warn:#8a5300;--good:#1a6f33}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--paper:#0d1117;--line:#30363d;--soft:#9da7b3;--shade:#161b22;
--link:#79c0ff;--bad:#ff8a80;--warn:#e3b341;--good:#56d364}}
*{box-sizing:border-box}body{font:14px/1.5 system-ui,sans-serif;margin:0 auto;max-width:84rem;padding:1rem;color:var(--ink);
background:var(--paper)}
h1{font-size:1.3rem;margin:0}h2{font-size:1rem;margin:1.6rem 0 .4rem}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
header{display:flex;gap:1rem;align-items:baseline;flex-wrap:wrap}#state{color:var(--good)}#state.bad{color:var(--bad)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(8rem,1fr));gap:.6rem;margin-top:1rem}
.card{border:1px solid var(--line);border-radius:.5rem;padding:.5rem .8rem}.card b{display:block;font-size:1.3rem}
.card svg{display:block;width:100%}svg.rate{height:1.4rem;vertical-align:middle}svg.rate polyline{fill:none;stroke:var(--link);
stroke-width:1.5;vector-effect:non-scaling-stroke}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.25rem .6rem;border-bottom:1px solid var(--line)}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}td.mono{font-family:ui-monospace,monospace;word-break:break-all}
.bad{color:var(--bad)}.warn{color:var(--warn)}.good{color:var(--good)}.soft{color:var(--soft)}.scroll{overflow-x:auto}
.time{white-space:nowrap}td:first-child{min-width:5rem}#routes td:first-child{min-width:14rem}
button,input,select{font:inherit;color:inherit;background:var(--shade);border:1px solid var(--line);border-radius:4px;padding:.25rem .5rem}
button{cursor:pointer}td button{background:none;border:0;padding:0;color:var(--link);text-align:left}
form{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center}#url{flex:1 1 18rem;min-width:0}
#answer{margin:.5rem 0 0;overflow-wrap:anywhere;white-space:pre-line}
</style></head><body>
<header><h1>gwctl</h1><span id="state" role="status">loading</span></header>
<main>
<div class="cards" id="cards"></div>
<h2 id="h-trace">Which rule would answer?</h2>
<form id="trace"><label for="method">Method</label><select id="method"><option>GET<option>POST<option>PUT<option>DELETE<option>OPTIONS</select>
<label for="url">URL</label><input id="url" type="text" placeholder="https://shop.example.com/cart" autocomplete="off" spellcheck="false">
<button>Trace</button></form><p id="answer" role="status"></p>
<h2 id="h-routes">Routes</h2><div class="scroll" tabindex="0" role="region" aria-labelledby="h-routes"><table id="routes"><thead><tr><th>Route</th><th>Rule</th>
<th>Last two minutes</th><th class="n">Requests</th><th class="n">2xx</th><th class="n">3xx</th><th class="n">4xx</th><th class="n">5xx</th>
<th class="n">p50 ms</th><th class="n">p95 ms</th><th class="n">p99 ms</th></tr></thead><tbody></tbody></table></div>
<h2 id="h-recent">Last requests <span id="of" class="soft"></span> <button id="every" type="button" hidden>Show all</button></h2>
<div class="scroll" tabindex="0" role="region" aria-labelledby="h-recent"><table id="recent"><thead><tr><th>Time</th><th>Request</th>
<th class="n">Status</th><th class="n">ms</th><th>Rule that won</th><th>Backend</th></tr></thead><tbody></tbody></table></div>
<h2 id="h-endpoints">Backends</h2><div class="scroll" tabindex="0" role="region" aria-labelledby="h-endpoints"><table id="endpoints"><thead><tr><th>Endpoint</th>
<th>State</th><th class="n">Requests</th><th class="n">Failures</th></tr></thead><tbody></tbody></table></div>
<h2 id="h-listeners">Listeners</h2><div class="scroll" tabindex="0" role="region" aria-labelledby="h-listeners"><table id="listeners"><thead><tr><th>Address</th>
<th>State</th></tr></thead><tbody></tbody></table></div>
</main>
<script>
"use strict";
const $=id=>document.getElementById(id),turns=60,seen=new Map();let chosen="",last;
function row(cells){const tr=document.createElement("tr");for(const [what,kind] of cells){const td=document.createElement("td");
td.append(what instanceof Node?what:String(what));if(kind)td.className=kind;tr.append(td)}return tr}
function fill(id,rows){const body=$(id).tBodies[0],at=[...body.querySelectorAll("button")].indexOf(document.activeElement);
body.replaceChildren(...rows);if(at>=0)body.querySelectorAll("button")[at]?.focus()}
function card(name,value,more){const d=document.createElement("div"),b=document.createElement("b");d.className="card";b.textContent=value;
d.append(b,name);if(more)d.append(more);return d}
const fixed=x=>x<10?x.toFixed(2):x.toFixed(0);
// Requests between two looks, the newest last.
function rates(key,count){const s=seen.get(key)||{count,list:[]};s.list.push(Math.max(0,count-s.count));s.count=count;
if(s.list.length>turns)s.list.shift();seen.set(key,s);return s.list}
function sparkline(list,label){const ns="http://www.w3.org/2000/svg",svg=document.createElementNS(ns,"svg"),line=document.createElementNS(ns,"polyline");
const most=Math.max(1,...list);svg.setAttribute("class","rate");svg.setAttribute("viewBox","0 0 "+(turns-1)+" 20");svg.setAttribute("width","120");
svg.setAttribute("preserveAspectRatio","none");svg.setAttribute("role","img");svg.setAttribute("aria-label",label);
line.setAttribute("points",list.map((v,i)=>(turns-list.length+i)+","+(19-18*v/most)).join(" "));svg.append(line);return svg}
function choose(route){chosen=route;$("of").textContent=route?"of "+route:"";$("every").hidden=!route;if(last)draw(last)}
function routeCell(r){const name=r.kind?r.kind+" "+r.route:r.route;if(!r.kind)return name;const b=document.createElement("button");b.type="button";
b.textContent=name;b.title="Show its last requests";b.onclick=()=>choose(r.route);return b}
function draw(s){
 const bad=s.message||s.listeners.some(l=>l.error);
 $("state").textContent=s.message||(bad?"a listener is not open":"serving");$("state").className=bad?"bad":"";
 s.routes.sort((a,b)=>b.count-a.count);
 fill("routes",s.routes.slice(0,500).map(r=>row([[routeCell(r)],[r.rule],[sparkline(r.rates,r.rates.reduce((a,b)=>a+b,0)+" requests")],[r.count,"n"],
  [r.classes[1],"n"],[r.classes[2],"n"],[r.classes[3],"n"+(r.classes[3]?" warn":"")],[r.classes[4],"n"+(r.classes[4]?" bad":"")],
  [fixed(r.p50),"n"],[fixed(r.p95),"n"],[fixed(r.p99),"n"]])));
 const recent=chosen?s.recent.filter(r=>r.route.includes(chosen)):s.recent;
 fill("recent",recent.slice(0,60).map(r=>row([[new Date(r.at).toLocaleTimeString([],{hour12:false}),"time"],[r.method+" "+r.host+r.path,"mono"],
  [r.status,"n"+(r.status>=500?" bad":r.status>=400?" warn":"")],[fixed(r.us/1000),"n"],[r.route||r.detail],[r.backend]])));
 fill("endpoints",s.endpoints.slice(0,500).map(e=>row([[e.address,"mono"],[e.up?"up":"rests after failures",e.up?"good":"bad"],
  [e.requests,"n"],[e.failures,"n"+(e.failures?" warn":"")]])));
 fill("listeners",s.listeners.map(l=>row([[l.address,"mono"],[l.error||"open",l.error?"bad":""]])));
}
async function load(){
 let s;
 try{s=await(await fetch("stats",{cache:"no-store"})).json()}
 catch(e){$("state").textContent="no answer";$("state").className="bad";return}
 for(const r of s.routes)r.rates=rates(r.kind+" "+r.route+" "+r.rule,r.count).slice();
 const all=rates("",s.routes.reduce((n,r)=>n+r.count,0));
 $("cards").replaceChildren(card("requests in 2 s",all[all.length-1],sparkline(all,"requests over two minutes")),
  card("in flight",s.gwctl_requests_active),card("connections",s.gwctl_connections_active),
  card("backend failures",s.gwctl_backend_failures_total),card("retries",s.gwctl_retries_total),
  card("timeouts",s.gwctl_timeouts_total),card("reloads",s.reloads),card("refused reloads",s.failedReloads));
 last=s;draw(s);
}
$("every").onclick=()=>choose("");
$("trace").onsubmit=async event=>{
 event.preventDefault();
 let text;
 try{
  const a=await(await fetch("trace?method="+encodeURIComponent($("method").value)+"&url="+encodeURIComponent($("url").value))).json();
  text=a.error||[a.status+(a.rule?" by "+a.rule:", no rule matches")+(a.detail?": "+a.detail:""),a.location?"redirected to "+a.location:"",
   a.target?"the backend sees "+a.target:"",...(a.backends||[]).map(b=>b.backend+(a.backends.length>1?", weight "+b.weight:"")+(b.ready?"":", not ready"))].filter(Boolean).join("\n");
 }catch(e){text="no answer"}
 $("answer").textContent=text;
};
load();setInterval(load,2000);
</script></body></html>
)html";

}  // namespace

std::string_view dashboard_page() {
  return page;
}

}  // namespace gw::runtime
