"""Common words that a language model's tokenizer keeps in one piece, for the token estimate."""

_WHOLE_IN_NAMES = """
abort about absolute access account accounts action actions activate activation active activity
actor actual adapter add addr address adjust admin after agent alert alias align all alloc allocate
allow allowed alpha amount analysis anchor and android anim animation annotation answer answers any
api app append application apply apps arch are area args argument arguments array arrow article
assert asset assets assign assignment async atom atomic attr attribute attributes audio auth author
auto average axis back backend background balance ball band bank banner base basic batch before
begin best beta bias bill binary bind binding bitmap bits black blank block blocks blog blue board
body book books bool boolean boot border bottom bound bounds break bridge browser bucket buff buffer
build builder bulk bundle business button buttons byte bytes cache cached calc calendar call
callback called calls camera can cancel canvas caption capture card cards cart case cast catalog
categories category cell cells cent center cert chain change changed channel channels char character
charset chart chat check checkbox checked checkout child children choice choose chunk circle city
claim class classes clean cleanup clear click client clients clip clock clone close closed cloud
cluster code codec codes collect collection color colors column columns combo comm command commands
comment comments commit common comp company compare compile complete completed component components
compute condition conditions conf config configuration confirm conn connect connected connection
connections connector cons console const constant constants constraint constraints construct
constructor cont contact contacts container contains content contents context contract control
controller controls conv convert converter cookie coord copy core corner correct cost count counter
country course cover cpu create created credentials credit crop cross crypto css ctrl curr currency
current cursor custom customer daily damage dark dashboard data database dataset date day days dead
debug decode def default defaults define definition degree delay delegate delete deleted delivery
delta demo depth desc description design dest destination destroy detail details detect dev device
devices dialog dict dictionary diff digest dimension direct direction directory disable disabled
disconnect disk dispatch display dist distance docs document dom domain done double down download
drag draw drive driver drop dump duration dynamic each easy echo edge edit editor effect elem
element elements email embed emit empty enable enabled encode encoder encoding encrypt end endpoint
energy engine enter entities entity entries entry enum env environment equal equals err error escape
eval event events every exam example examples exc exception exchange exec execute execution executor
exist exists exit expand expect expected export expr expression extend extension extensions external
extra extract face fact factor factory fail failed failure fake false family fast feature features
feed feedback fetch field fields file filename files fill filter filters final find finish finished
fire first fixed fixture flag flags flash flat flip float floor flow flush focus fold folder follow
font footer for force fore form format forms forward fragment frame frames framework free frequency
friend from front full fun func function functions future gallery game games gamma gateway general
generate generated generator generic get global gold good google grad grade gradient graph gray
green grid group groups guid hand handle handler has hash have head header headers heading health
heap height help helper hidden hide high hist history home horizontal host hour hours house html
http icon ident identifier identity ignore image images impl import include increment index info
init initial initialize inline inner input inputs insert inst install instance instances int integer
inter interface interfaces internal interval into invalid inventory invoice issue item items iter
iterator java job jobs join json jump keep kernel key keyboard keys keyword kind label labels lambda
land lang language languages large last latest launch layer layers layout lazy learning leave left
length less level library light like limit line linear lines link links list listener literal live
load loaded loader loading local locale location locations lock log logged logger logging logic
login logo logout logs long loop loss lower machine magic mail main major make manage management
manager manual map mapper mapping maps margin mark marker market mask mass master match matches
material math matrix max mean media medium member members memory menu merge mesh message messages
meta metadata method metric metrics micro middle min minus misc mobile mock modal mode model models
modified modify module modules money monitor month more motion mount mouse move moves movie movies
msg mult multi music mysql name named names namespace native navigation need network new news next
node nodes none norm normal not note notes notice notification notifications notify now null num
number numeric obj object objects off offer offset old once one online only open oper operation
operations operator option optional options order orders orientation orig origin original other out
outer output outputs over overlay override owner pack package packet padding page pages palette
panel parallel param parameter parameters params parent parse parser part parts party pass password
patch path paths pattern pause payload payment peer pending per percent period permission
permissions person phase phone photo php pick picture pipe pipeline pitch pixel place plan platform
play player players plot plugin plugins plus point pointer points policy poll poly pool popup port
position positions post power prec pred predict pref preferences prefix prepare pres present press
prev preview previous price primary print priority private problem proc process processing processor
prod product products prof profile program progress project projects prompt prop properties property
props proto protocol provider proxy public publish pull purchase push put python quant quantity
query question questions queue quote radio radius raise rand random range rank rate rating raw read
reader ready real reason receiver recipe record rect rectangle ref reference refresh regex region
register registration registry release reload remaining remote remove render repeat replace reply
repo report repository request requests require required requires reset resize resource resources
response rest restore result results resume retry return reverse review right robot role roles roll
room root rotate rotation round route router routes row rows rule rules run runner running runtime
safe same sample samples save saved scalar scale scan scene schedule scheduler schema scheme scope
score screen script scroll search second secondary seconds secret section sections security seed
seek segment select selected selection selector self sell send sender sensor sent separator sequence
serial serializer series server service services session sessions set setting settings shadow shape
share sheet shell shift shipping shop short show side sign signal simple single site size skin skip
sleep slice slide slider slot small snap snapshot social sock socket soft solution some sort sorted
sound source sources space span spawn spec special speed spin split sprite sql square src stack
staff stage standard star start started stat state statement states static station statistics stats
status step stock stop storage store story str strategy stream string strip struct structure stub
student style styles submit success sum summary super support surface swap switch symbol sync system
table tables tabs tag tags tail take target task tasks team temp template templates tensor term test
testing tests text texture the theme then theta this thread threshold throw thumb tick ticket tile
time timer times timestamp title tmp today toggle token tokens tool tools topic total touch trace
track trade train training trans transaction transactions transfer transform transition translate
translation transport tree trigger trim trip true truth try turn two type types uint uniform union
unique unit units unlock until update updated upload upper uri url use used user username users util
utils val valid validate validation validator value values var variable variant vars vector vendor
verify version vert vertex video view views virtual visibility visible visit visual vote wait walk
wall warn warning watch water wave web week weight when where white widget widgets width window
windows with word words work worker workspace world wrap wrapper write writer year you zero zone
zoom
"""
_WHOLE_ALONE = """
ability able above abstract accent acts actually adapt adaptive added adding addition additional
addresses adds administrator advance advanced again agree ahead alarm algo alice alignment alive
allocation allows almost along alphabet already also alter alternate alternative although always
amazon among anal analyse andre animate anonymous another anti anything apart apple applications
approx areas around articles asia asian aside aspect assembly assigned assist assistant associate
associated audit authenticate authentication authorized authors avoid await away azure backup bang
bare bars based bases basis beat because been being bell below bench benchmark berry better between
binder bird blend blink blob blocking blood blur bold bomb bond bone bonus borrow both bounding
boxes brace brain bread breadcrumb brick bright bring broadcast broken brown browse bubble buck
budget built bullet burn busy but cake calculate caller calling camel cand candidate cannot canon
cant cape capital caps care carry cascade cases catch cause central certain certificate chains
challenge chan chance chang changes changing chap chapter characters charge charges cheap checker
checking checks china choices chrome cipher circ classic classification clipboard closing closure
club coding coffee cold collapse collections collector collision colon colored colour comb combine
combined come coming commercial community compact comparison compat compatible compiler compl
completion complex compose composer composition compound compress compression computer conc concept
cond conditional cone confidence configure confirmation connecting consider construction consult
consume consumer containers contest continue contra contracts contrast controlled conversion
converted cookies cool copies copyright corp corr cors could countries counts craft cream cred crit
criteria criterion critical cron crypt cube culture curl currently curve cuts cycle dance danger
dash dates datum deal death decl declare deep defined defines definitions dense density depend
dependency depending deploy deployment deprecated describe descriptor deserialize desired desk
desktop determ develop developer development diam diamond dice did dies difference different digit
digital dirty disc discover disp dispose distributed distribution docker does doing dont door doors
draft drawing drops dual duck dummy duplicate during dust early earth ease east editable editing
effective effects eight either eligible else embedded emoji ending ends engineering english ensure
enterprise epoch evaluate evaluation even ever exact excel excellent except exceptions exclusive
exercise existing expanded expense experience experiment experimental expert explicit express
extended extras eyes facts fade fair fall falls farm fashion fatal fault favor fear feel female
figure filled film finder finding fine finger fish fits five flex flight floating fonts foot forced
forest forge forget fork formal formats formatter former formula forum found foundation four
fraction frag fred freeze fresh friendly friends fruit fully functional gain generation gesture gets
getter getting ghost github give given giving glob glyph gone grab gram grammar grand grant graphic
graphics gravity great greater greg grey gross ground grow guest hack had hair half handles handling
hands hang happy hard hardware having heads hear heart heavy held hell hello her here hier higher
hint his hits hold holder holding hole hook hooks hope horse hotel how human hunter hyper idea ideal
identify idle illegal imag immutable impact implement implementation importance important imports
incl included includes including inclusive incoming incorrect increase indexed indicator individual
inet infer inform information infos inject inside inspect installation instant instead instr
instruction instructions instrument integration intel intent interaction interactive interest
interesting intern international internet interpret interrupt intersection intl intr intro invite
invoke iron its jack javascript john joint journal judge just kent keywords kick kids kill know
known labs lane largest laser late later latin lead leader leading leaf lean learn lease least legal
let lets letter levels libraries license life lift limited limits linked linux listed listen listing
lists lite little living loads located locator locked locks logical longitude look looking looks
lose lost lots love luck lyrics mach machines macro made maker makes making managed manifest many
march marks marshal mary massage matcher matching materials matter maximum maybe median membership
memo mention mess metal meth middleware migration million mime mind mine minecraft mini mint mirror
miss missing mixed modern modifier mods moment mono moon most mounted movement moving much multipart
multiple multiply must mutable mutation mutex nano national natural nature navigate navigator near
nest nested never nice nicht nick night nine noise north nothing numbers objective observable
observe observer offers office official offline often okay older omega opcode opening operand
operators optim optimal optimization oracle orange ordered ordering organization organizations
orient others our outline outside oval overall overflow overview own packed packing pads pager
pagination paging paid pain paint pair paper para paragraph parcel parents parsed particle passed
passing past paste pawn pear perc percentage perf perfect perform performance perhaps perm permit
persist persistent personal phil phones photos phrase physical picker pictures piece pieces ping
pink pins pivot pixels placement places plain plane plans plat playing please plug polar pole
polygon poor portable portal ports positive postal posted posting potential practice predicate
prefer preferred prep prepared presentation pretty prevent prices prim prime primer prin principal
printed printer printing prior priv prob probe procedure produce producer production profiles prog
projection promise promotion proof proper proposal prot protect protected prototype prov provide
provided providers province published pulse pump pure purple purpose quad qual quan quarter queen
queries quick quiet quit quite quotes race rack rails raised raises ram rapid rare rates rather
ratio reach react reading reads really realm received recent recommend recommended recover redis
refer references reflect reflection regions registered regular reject relay released remark remember
removed rename repair replacement reports represent representation requested research reserve
reserved resolution resolve resolver resp respect respond responses restricted retr retrieve
returned returns revision rewrite rich ride rights ring rise risk road rocket roman rose rounded
routine routing ruby runs rust salt sampling sandbox sans saving scanner scenario scheduled scores
screens scripts seal sect sector secure see seen semi sending sense sentence sept sequ serialization
serialize serialized serve servers sess sets setter seven shares shim ships shot sigma signed silent
silver simulation since sing sink sites sizes slash slots slow smart smith smooth snake snow
software solid solo solutions solve solver something sometimes soon sorry sorting south spaces spam
speaker specific speech spell sphere spot spread spring stable stamp stan stand standing starter
starting starts startup stay steam stem stick sticky still stored stores streams street strength
stretch strict strike strings stripe stroke strong studio study stuff styled subs subscriber succ
such suggest suite supplier supported sure survey syntax systems taken taking talk tell tempo
temporary terms tester thai than thank thanks that them there these they thin thing things think
thinking third those though thought threads three through throws thus tickets timeline tiny tips
titles toast todo tone tracker tracking tracks traditional trail trait tran translator transparent
trap trash travel tray trees trial triangle trust trusted trying tube tuple tutorial twitter typed
unable under undo unexpected unicode unity unix unknown unless unsafe unsupported updates upgrade
upon usage uses using usually utilities utility validators verb verification verified vers very vice
videos viewer visitor vista void voucher wake walker walking want wanted ward warehouse warm warp
wars was ways weak website weekly weeks weighted welcome well went were what whatever wheel whether
which while who whole why wide wiki wild will wind winner wins winter wire wise wish within without
wonder wood worked workers workflow working works worth would wrapped writes writing written wrong
years yellow yield your zones
"""
_PIECES = """
·AND ·API ·ASCII ·Ask ·Assume ·CUSTOMER ·Callable ·Clause ·DEFAULT ·Decimal ·Django ·Do ·Don ·EOF
·EVERYTHING ·EXIT ·GET ·HTML ·HTTP ·ISO ·If ·It ·JSON ·KB ·Ledger ·Lookup ·MAX ·MB ·MOST ·NOT ·No
·OR ·OS ·Outcome ·POST ·README ·RFC ·SDK ·SOFTWARE ·Should ·UNKNOWN ·URL ·UTC ·UTF ·UUID ·WARRANTIES
·WEB ·We ·XXX ·absent ·accept ·accepted ·accepts ·according ·across ·affected ·against ·aggregate
·algorithm ·alone ·ambiguous ·annotated ·annotations ·anyway ·appear ·appears ·applied ·appropriate
·arbitrary ·architecture ·arg ·argparse ·arithmetic ·ask ·asked ·asks ·assume ·assumed ·asynchronous
·attempt ·attempting ·attempts ·automatically ·available ·aware ·bad ·become ·becomes ·beginning
·behavior ·behaviour ·behind ·belongs ·beside ·bodies ·broke ·callable ·came ·capped ·carries
·caught ·chosen ·clipped ·cls ·compatibility ·concurrent ·contain ·containing ·coroutine
·corresponding ·corresponds ·crash ·creating ·creation ·crumb ·crumbs ·culprit ·cumulative
·customers ·cut ·datetime ·debugging ·decimal ·declined ·decompress ·decorator ·decorators
·delimiter ·derived ·describing ·determine ·determined ·digits ·dir ·directly ·directories ·dirname
·django ·documentation ·doesn ·don ·earlier ·efficient ·encountered ·enough ·entire ·enumerate
·environments ·equivalent ·errno ·errors ·especially ·estimate ·estimated ·everything ·exactly
·exceeded ·exclude ·executable ·exhausted ·expansion ·fails ·far ·filesystem ·fname ·following
·forbidden ·formatted ·formatting ·fp ·further ·getattr ·getopt ·goes ·going ·guaranteed ·handled
·happen ·happened ·happens ·harmless ·hasattr ·hashlib ·hex ·hexadecimal ·honoured ·however ·https
·identical ·ids ·ignored ·ignoring ·immediately ·incomplete ·indent ·indentation ·independent
·indicate ·indicates ·indicating ·indices ·infinite ·inherit ·inherited ·initialization ·intended
·invariant ·io ·isinstance ·iso ·issues ·itself ·kept ·kwargs ·larger ·ledger ·len ·longest ·lookup
·malformed ·may ·meaning ·means ·measured ·mechanism ·methods ·midnight ·might ·minute ·minutes
·modification ·mutually ·nearest ·necessary ·needed ·needs ·negative ·neighbours ·neither ·newest
·newline ·nobody ·non ·obtained ·occur ·occurred ·occurs ·oldest ·omitted ·ones ·os ·otherwise
·outcome ·overridden ·pairs ·parentheses ·parsing ·partial ·particular ·people ·permalink
·possibilities ·possibility ·possible ·possibly ·precision ·preset ·probably ·punctuation ·pytest
·queryset ·re ·recognized ·recursion ·recursive ·recursively ·redact ·redirect ·reduce ·refused
·refuses ·regardless ·related ·relative ·remainder ·repr ·representing ·requirements ·respectively
·retention ·returning ·revoked ·said ·says ·secrets ·sees ·semantics ·separate ·separated ·several
·shared ·should ·shutdown ·signature ·significant ·similar ·simply ·slug ·specification ·specified
·specifies ·specify ·specifying ·stamina ·stdin ·stdout ·stripped ·subclass ·subclasses ·subject
·subprocess ·subsequent ·suffix ·suitable ·summarize ·supplied ·suppress ·sys ·takes ·terminal
·terminated ·their ·threading ·timedelta ·timeout ·together ·told ·too ·top ·traces ·trailing
·treated ·tried ·tries ·truncated ·twice ·typically ·typing ·unavailable ·unchanged ·undefined
·underlying ·universal ·unreachable ·unsigned ·unspecified ·urllib ·useful ·usual ·uuid ·variables
·various ·verbose ·via ·vocabulary ·waiting ·warnings ·way ·whose ·writable %s 're 's 't (Exception
(None (a (answer (arg (args (b (body (client (cls (cmd (code (data (default (dirname (document
(entry (error (event (events (exception (f (file (filename (frame (group (header (indent (issue
(item (key (len (line (lines (map (max (message (minutes (msg (n (name (object (os (other (part
(path (question (r (raw (request (result (s (scene (seconds (self (str (sys (text (timeout (type
(user (value (x -Za -api -bit -in -like -negative -only -z .AUTH .CASCADE .Char .DEFAULT .Date
.EVENT .UUID .abspath .argv .cleaned .com .contrib .db .decorators .dirname .dumps .endswith
.environ .errors .exceptions .exports .findall .g .getcwd .hex .id .in .io .is .isdir .isfile
.lookup .minutes .org .organization .partition .pay .pop .py .readline .rstrip .setdefault .shutdown
.slug .startswith .stderr .stdin .stdout .sub .unlink .unpack .uuid .wikipedia /api /base /bin /cart
/core /events /issues /pay /views =False =None =True =dict =lambda =self =subprocess =sys @example
@property ABCDEFGHIJKLMNOPQRSTUVWXYZ API An Authorization Bad Bearer DATA DEFAULT EVENT GET GLOBAL
HTTP However ID IO Id If Implemented In Insights It Iteration LIST Lookup Lp MAX MOST No ORG OS POST
PROJECT Retention SCRIPT SECRET Servlet Slug Timeout To UNKNOWN UTC Unhandled WEB We [i [key [name
[str _ACCESS _ALIAS _ALL _AUTH _BASE _BUFFER _BY _CALL _COLUMNS _COMPLETE _DEFAULT _DIRECTORY
_ERRORS _EXTENSION _FIELDS _FILENAME _FORMAT _FUNCTION _GLOBAL _ID _IN _KEY _LENGTH _LINK _LIST _MAX
_MODEL _NAME _NAMES _NATIVE _NULL _NUMBER _OFFSET _OPEN _ORDER _PAGE _PER _PORT _POST _PROJECT
_PROTOCOL _READ _RELEASE _S _SET _SIZE _SOCKET _STARTED _STREAM _SUPPORTED _TIMEOUT _TOKEN _TYPE
_URL _USAGE _USER _VERSION _WAIT _WINDOW _ZONE _arg _ascii _at _dir _errors _globals _hex _id _ids
_indent _len _lineno _lookup _negative _of _on _pos _related _repr _s _seen _stdout _to
abcdefghijklmnopqrstuvwxyz ascii asked available bootstrap breadcrumbs chosen cls contexts creating
"""

# Whole after a dot or an underscore too: ".name", "_id".
NAMES = frozenset(_WHOLE_IN_NAMES.split())
# Whole at the start of a text and after a blank.
WORDS = NAMES | frozenset(_WHOLE_ALONE.split())
# Whole just as they stand here; the dot in the middle is a blank.
PIECES = frozenset(piece.replace("·", " ") for piece in _PIECES.split())
